// A base and its adapters are opened together, and no file stays open when one of them is refused.

import { cpSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { RandomAccessFile } from '../../dist/checkpoint/files.js';
import { openCheckpoint } from '../../dist/checkpoint/open.js';
import { UserError } from '../../dist/errors.js';
import { CHECKPOINTS, temporaryFolder } from '../support/fixtures.js';

const work = temporaryFolder();
const base = join(CHECKPOINTS, 'ls_llama_seq/base');
const adapter = join(CHECKPOINTS, 'ls_llama_seq/adapter');

let closed: string[];
beforeEach(() => {
  closed = [];
  const close = RandomAccessFile.prototype.close;
  vi.spyOn(RandomAccessFile.prototype, 'close').mockImplementation(function (this: RandomAccessFile) {
    closed.push(this.name);
    close.call(this);
  });
});
afterEach(() => vi.restoreAllMocks());

it('closes the files of the base and of every adapter', () => {
  const checkpoint = openCheckpoint({ base, adapters: [adapter, adapter] });
  expect(checkpoint.adapters.map(({ name }) => name)).toEqual(['adapter', 'adapter']);
  expect(closed).toEqual([]);
  checkpoint.close();
  expect(closed).toEqual(['model.safetensors', 'adapter_model.safetensors', 'adapter_model.safetensors']);
});

it('closes the files that are open when an adapter is missing', () => {
  const open = () => openCheckpoint({ base, adapters: [adapter, join(work, 'absent')] });
  expect(open).toThrow(UserError);
  expect(closed).toEqual(['model.safetensors', 'adapter_model.safetensors']);
});

it('closes the files that are open when an adapter is damaged', () => {
  cpSync(adapter, join(work, 'damaged'), { recursive: true });
  truncateSync(join(work, 'damaged/adapter_model.safetensors'), 100);
  const open = () => openCheckpoint({ base, adapters: [join(work, 'damaged')] });
  expect(open).toThrow(/adapter_model\.safetensors: .* truncated/);
  expect(closed.sort()).toEqual(['adapter_model.safetensors', 'model.safetensors']);
});
