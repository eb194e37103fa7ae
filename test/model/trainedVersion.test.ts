// The version of transformers that an adapter was trained under, from the files that each version writes beside it.

import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { trainedVersion } from '../../dist/model/trainedVersion.js';
import { temporaryFolder } from '../support/fixtures.js';

const work = temporaryFolder();

type Files = Readonly<Record<string, unknown>>;

function folderOf(files: Files): string {
  const folder = mkdtempSync(join(work, 'case-'));
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return folder;
}

const ADAPTER = { 'adapter_config.json': { peft_type: 'LORA', peft_version: '0.19.1' } };
// As transformers 4.57.6 and 5.24.0 save the tokenizer of Llama 2.
const SAVED_BY_4 = {
  tokenizer_class: 'LlamaTokenizerFast',
  legacy: false,
  add_bos_token: true,
  added_tokens_decoder: {},
};
const SAVED_BY_5 = { tokenizer_class: 'LlamaTokenizer', backend: 'tokenizers', is_local: true };
const MODEL_CARD = '---\nbase_model: x\n---\n- Transformers 5 is needed.\n\n### Framework versions\n\n';

const versionOf = (files: Files) => trainedVersion('none', [folderOf({ ...ADAPTER, ...files })]);

describe('the version of an adapter', () => {
  it.each<[string, 4 | 5, Files]>([
    ['its tokenizer, saved by version 4', 4, { 'tokenizer_config.json': SAVED_BY_4 }],
    ['its tokenizer, saved by version 5', 5, { 'tokenizer_config.json': SAVED_BY_5 }],
    [
      'its tokenizer, exported by lsllama',
      5,
      { 'tokenizer_config.json': { tokenizer_class: 'TokenizersBackend' } },
    ],
    [
      'its tokenizer, saved before added_tokens_decoder was written',
      4,
      { 'tokenizer_config.json': { tokenizer_class: 'GPT2Tokenizer' }, 'special_tokens_map.json': {} },
    ],
    ['config.json', 4, { 'config.json': { transformers_version: '4.31.0' } }],
    ['config.json of version 5', 5, { 'config.json': { transformers_version: '5.0.0rc1' } }],
    [
      "Trainer's model card",
      4,
      { 'README.md': `${MODEL_CARD}- PEFT 0.18.0\n- Transformers 4.57.1\n- Pytorch 2.8\n` },
    ],
    [
      "Trainer's model card with Windows line ends",
      5,
      { 'README.md': `${MODEL_CARD}- Transformers 5.1.0\n`.replaceAll('\n', '\r\n') },
    ],
    ["TRL's model card", 4, { 'README.md': `${MODEL_CARD}- TRL: 0.12.0\n- Transformers: 4.46.2\n` }],
    ["PEFT's model card", 4, { 'README.md': `${MODEL_CARD}- PEFT 0.13.2\n` }],
    ['PEFT before 0.18, which wrote no peft_version', 4, { 'adapter_config.json': { peft_type: 'LORA' } }],
    [
      'the strongest of several: the tokenizer',
      5,
      { 'tokenizer_config.json': SAVED_BY_5, 'README.md': `${MODEL_CARD}- Transformers 4.57.1\n` },
    ],
    [
      'config.json before the model card',
      4,
      {
        'config.json': { transformers_version: '4.57.6' },
        'README.md': `${MODEL_CARD}- Transformers 5.1.0\n`,
      },
    ],
  ])('comes from %s', (_, major, files) => {
    expect(versionOf(files)?.major).toBe(major);
  });

  it.each<[string, Files]>([
    ['PEFT 0.18 or later works with both', {}],
    ['a model card that only speaks of a version', { 'README.md': 'Needs\n- Transformers 4.44.0\n' }],
    ['a damaged config', { 'config.json': '{' }],
    ['a config without a version', { 'config.json': { model_type: 'llama' } }],
    [
      'a tokenizer config that either version may have written',
      { 'tokenizer_config.json': { legacy: false } },
    ],
  ])('is unknown: %s', (_, files) => {
    expect(versionOf(files)).toBeUndefined();
  });

  it('may be told by files beside the folder that PEFT gave the name of the adapter', () => {
    const folder = folderOf({ 'tokenizer_config.json': SAVED_BY_4 });
    mkdirSync(join(folder, 'default'));
    writeFileSync(
      join(folder, 'default/adapter_config.json'),
      JSON.stringify(ADAPTER['adapter_config.json']),
    );
    expect(trainedVersion('none', [folder])).toEqual({
      major: 4,
      evidence: "the adapter's tokenizer_config.json was written by version 4",
    });
  });

  it('is that of the last adapter that tells', () => {
    const [first, second, third] = ['4.40.0', '5.2.0', undefined].map(transformers_version =>
      folderOf({ ...ADAPTER, 'config.json': { transformers_version } }),
    );
    expect(trainedVersion('none', [first!, second!, third!])?.major).toBe(5);
  });
});

describe('the version of a base', () => {
  const config = { transformers_version: '4.31.0' };
  const classifier = { ...config, architectures: ['LlamaForSequenceClassification'] };
  const causal = { ...config, architectures: ['LlamaForCausalLM'] };

  it('is that of training where it is a classifier already', () => {
    expect(trainedVersion(folderOf({ 'config.json': classifier }), [])?.major).toBe(4);
  });

  it('is no evidence where it was only pretrained, nor for an adapter', () => {
    expect(trainedVersion(folderOf({ 'config.json': causal }), [])).toBeUndefined();
    expect(trainedVersion(folderOf({ 'config.json': classifier }), [folderOf(ADAPTER)])).toBeUndefined();
  });
});
