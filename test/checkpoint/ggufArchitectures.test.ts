// Every architecture of GGUF files, exported with a label head and run. Token ids are compared with those of tokenizers,
// logits with those of transformers (fixtures/gguf/make_architectures.py).

import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openGguf } from '../../dist/checkpoint/gguf.js';
import { ggufConfig } from '../../dist/checkpoint/ggufConfig.js';
import type { GgufValue } from '../../dist/checkpoint/ggufValues.js';
import { withModel } from '../../dist/commands/offline.js';
import { UserError } from '../../dist/errors.js';
import { exportModel } from '../../dist/model/export.js';
import { ingredientsOf } from '../../dist/model/identity.js';
import type { DeviceRequest } from '../../dist/model/recipe.js';
import { ggufTokenizer, writeTokenizer } from '../../dist/text/tokenizer.js';
import { ROOT, readJson, temporaryFolder, worstDifference } from '../support/fixtures.js';
import { predictGolden } from '../support/golden.js';

const FIXTURES = join(ROOT, 'test/fixtures/gguf/architectures');
const golden = readJson(join(FIXTURES, 'golden.json')) as {
  readonly texts: readonly string[];
  readonly ids: readonly number[][];
  readonly logits: Readonly<Record<string, readonly number[][]>>;
};
const work = temporaryFolder();

function requestOf(base: string): DeviceRequest {
  return { base, adapters: [join(FIXTURES, 'head')], labels: ['a', 'b', 'c'], precision: 'float32' };
}

/** The files' tokenizer in a folder, for the architectures whose metadata does not describe the tokenizer completely. */
const tokenizer = join(work, 'tokenizer');
mkdirSync(tokenizer);
writeTokenizer(ggufTokenizer(opened('qwen2').metadata), tokenizer);

function opened(name: string) {
  return openGguf(join(FIXTURES, `${name}.gguf`));
}

/** Whether the metadata of an architecture describes the tokenizer completely. */
const hasTokenizer = (name: string) => !/phi3|gemma/.test(name);

it.each(Object.entries(golden.logits))(
  '%s has the token ids and the logits of transformers',
  async (name, logits) => {
    const request = requestOf(join(FIXTURES, `${name}.gguf`));
    const out = join(work, name);
    await exportModel(hasTokenizer(name) ? request : { ...request, tokenizer }, out);
    await withModel(out, { cache: work, device: 'cpu' }, async model => {
      for (const [i, text] of golden.texts.entries()) {
        const found = await predictGolden(model, { text, input_ids: golden.ids[i]!, logits: logits[i]! });
        expect([...found.ids]).toEqual(golden.ids[i]);
        expect(worstDifference(logits[i]!, found.logits)).toBeLessThan(1e-4);
      }
    });
  },
);

it.each(Object.keys(golden.logits).filter(name => !hasTokenizer(name)))(
  '%s is refused without a tokenizer.json',
  async name => {
    const exported = exportModel(requestOf(join(FIXTURES, `${name}.gguf`)), join(work, 'refused'));
    await expect(exported).rejects.toThrow(
      new RegExp(
        `^${name}.gguf, with no tokenizer.json beside it: GGUF metadata: tokenizer.ggml.model: .*--tokenizer$`,
      ),
    );
  },
);

it('has another identity with a tokenizer.json beside the file, which is used instead of its own', async () => {
  const folder = join(work, 'base');
  mkdirSync(folder);
  cpSync(join(FIXTURES, 'qwen2.gguf'), join(folder, 'model.gguf'));
  const alone = await ingredientsOf(requestOf(folder));
  cpSync(tokenizer, folder, { recursive: true });
  const beside = await ingredientsOf(requestOf(folder));
  expect(beside.base).toEqual(alone.base);
  expect(beside.key).not.toBe(alone.key);
});

describe('refuses metadata with', () => {
  it.each<[string, string, GgufValue | undefined, RegExp]>([
    [
      'qwen2',
      'qwen2.rope.scaling.type',
      'longrope',
      /rope\.scaling\.type: expected none or linear or yarn, found "longrope"/,
    ],
    ['qwen2', 'qwen2.attention.sliding_window', 64, /sliding_window: expected 0: nothing else/],
    [
      'qwen2',
      'qwen2.attention.causal',
      false,
      /attention\.causal: expected true: nothing else is supported, found false/,
    ],
    ['qwen2', 'qwen2.expert_count', 8, /expert_count: expected 0/],
    ['qwen3_yarn', 'qwen3.rope.scaling.yarn_log_multiplier', 0.1, /yarn_log_multiplier: expected 0/],
    ['qwen3_yarn', 'qwen3.rope.scaling.attn_factor', 2, /attn_factor: expected 1/],
    [
      'qwen3_yarn',
      'qwen3.rope.scaling.original_context_length',
      'x',
      /original_context_length: expected a number, found "x"/,
    ],
    [
      'llama3',
      'llama.rope.scaling.factor',
      2,
      /rope\.scaling\.type: expected none beside rope_freqs\.weight, found "linear"/,
    ],
    [
      'phi3_longrope',
      'phi3.rope.scaling.type',
      'yarn',
      /phi3\.rope\.scaling\.type: expected longrope, found "yarn"/,
    ],
    ['gemma2', 'gemma2.rope.scaling.factor', 2, /gemma2\.rope\.scaling\.type: expected none, found "linear"/],
    ['gemma2', 'gemma2.rope.dimension_count', 8, /rope\.dimension_count: expected 16/],
    [
      'gemma3',
      'gemma3.attention.sliding_window',
      undefined,
      /sliding_window: expected a number, found nothing/,
    ],
    [
      'gemma3',
      'gemma3.rope.freq_base',
      undefined,
      /gemma3\.rope\.freq_base: expected a number, found nothing/,
    ],
  ])('%s: %s %s', (name, key, value, message) => {
    const file = opened(name);
    const metadata = new Map(file.metadata);
    if (value === undefined) metadata.delete(key);
    else metadata.set(key, value);
    const config = () => ggufConfig({ ...file, metadata });
    expect(config).toThrow(UserError);
    expect(config).toThrow(message);
    file.close();
  });

  it('a rotary factor of 0', () => {
    const file = opened('llama3');
    const config = () => ggufConfig({ ...file, readVector: () => Float32Array.of(1, 0, 2, 4) });
    expect(config).toThrow(
      new UserError('rope_freqs.weight: expected factors above 0, found 0 in llama3.gguf'),
    );
    file.close();
  });
});
