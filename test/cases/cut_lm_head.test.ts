// A label head that was cut out of lm_head, as the notebooks of unslothai/unsloth issues 1461 and 3367 do. The matrix has
// the logits; here is what is refused.

import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { mergeAdapters } from '../../dist/checkpoint/merge.js';
import { openCheckpoint } from '../../dist/checkpoint/open.js';
import { ROOT, readJson, temporaryFolder } from '../support/fixtures.js';
import { editSafetensors } from '../support/safetensors.js';

const MATRIX = join(ROOT, 'test/fixtures/matrix');
const work = temporaryFolder();

function refusal(adapter: string, base: string): string {
  const checkpoint = openCheckpoint({ base, adapters: [adapter] });
  try {
    mergeAdapters(checkpoint.base, checkpoint.adapters);
    return 'merged';
  } catch (error) {
    return String(error);
  } finally {
    checkpoint.close();
  }
}

const copy = (from: string, name: string) => {
  cpSync(join(MATRIX, from), join(work, name), { recursive: true });
  return join(work, name);
};

it('refuses LoRA on a cut lm_head whose weights are not there', () => {
  const adapter = copy('cases/cut_lm_head_lora/adapter', 'lora');
  editSafetensors(join(adapter, 'adapter_model.safetensors'), header => {
    delete header['base_model.model.lm_head.base_layer.weight'];
  });
  expect(refusal(adapter, join(MATRIX, 'bases/untied'))).toMatch(
    /changes the head lm_head of 4 rows, whose weights are neither in the adapter nor in the base model\.safetensors/,
  );
});

// The notebook of May 2025 builds lm_head up to the whole vocabulary again before it is saved.
it('says that an lm_head with a row for each token is no label head', () => {
  const adapter = copy('cases/cut_lm_head/adapter', 'whole');
  const base = copy('bases/untied', 'small');
  const config = readJson(join(base, 'config.json')) as object;
  writeFileSync(join(base, 'config.json'), JSON.stringify({ ...config, vocab_size: 4 }));
  expect(refusal(adapter, base)).toMatch(
    /holds no trained head \(score or classifier\), only an lm_head of \[4, 32\], which has a row for each token/,
  );
});
