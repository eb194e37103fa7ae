// An adapter's folder, and the messages for what is not one.

import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openAdapter } from '../../dist/checkpoint/adapter.js';
import { UserError } from '../../dist/errors.js';
import { CHECKPOINTS, temporaryFolder } from '../support/fixtures.js';

const work = temporaryFolder();
const adapter = join(CHECKPOINTS, 'ls_llama_seq/adapter');

function refusal(path: string): string {
  try {
    openAdapter(path);
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  throw new Error(`${path} was opened`);
}

it('opens the one named adapter below a folder', () => {
  cpSync(adapter, join(work, 'named/default'), { recursive: true });
  const opened = openAdapter(join(work, 'named'));
  opened.source.close();
  expect([opened.name, opened.folder]).toEqual(['default', join(work, 'named/default')]);
});

it('refuses a folder with several named adapters', () => {
  for (const name of ['first', 'second']) cpSync(adapter, join(work, 'several', name), { recursive: true });
  expect(refusal(join(work, 'several'))).toMatch(/several.*: first, second/);
});

it('refuses a folder without an adapter', () => {
  mkdirSync(join(work, 'empty'));
  expect(refusal(join(work, 'empty'))).toMatch(/^adapter empty: expected .*, found no adapter_config\.json$/);
});

it('refuses a file', () => {
  writeFileSync(join(work, 'adapter_model.safetensors'), '');
  expect(refusal(join(work, 'adapter_model.safetensors'))).toBe(
    'adapter adapter_model.safetensors: expected a folder, found a file',
  );
});
