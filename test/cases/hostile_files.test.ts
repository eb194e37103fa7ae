// Files that crashed other readers, made anew from the reports about them. Each is refused with its reason.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openAdapter } from '../../dist/checkpoint/adapter.js';
import { openGguf } from '../../dist/checkpoint/gguf.js';
import { openSafetensors } from '../../dist/checkpoint/safetensors.js';
import { UserError } from '../../dist/errors.js';
import { ggufTokenizer, Tokenizer } from '../../dist/text/tokenizer.js';
import { temporaryFolder } from '../support/fixtures.js';
import { ARRAY, gguf, pair, text, UINT32, uint32, uint64 } from '../support/ggufWriter.js';

const folder = temporaryFolder();

function saved(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function expectRefusal(use: () => unknown, message: RegExp): void {
  expect(use).toThrow(UserError);
  expect(use).toThrow(message);
}

describe('GGUF', () => {
  it.each<[string, Uint8Array, RegExp]>([
    [
      'ggml-org/llama.cpp pull request 26946: a dimension of 0, a division by zero',
      gguf({ entries: [{ name: 't.weight', dimensions: [4, 0] }] }),
      /t\.weight: expected dimensions above 0, found \[0, 4\]/,
    ],
    [
      'ggml-org/llama.cpp issue 19005: no elements at all',
      gguf({ entries: [{ dimensions: [0, 1, 1, 1] }] }),
      /a: expected dimensions above 0/,
    ],
    [
      'ggml-org/llama.cpp pull request 18674: 2^42 + 1 rows, whose size wraps around to a small one',
      gguf({ entries: [{ name: 'token_embd.weight', dimensions: [1152, 2n ** 42n + 1n], type: 8 }] }),
      /token_embd\.weight ends at byte \d+, the file at \d+/,
    ],
    [
      'zackshen/gguf issue 15: dimensions whose product wraps around to 1',
      gguf({ entries: [{ dimensions: [2n ** 64n - 1n, 2, 1, 1] }] }),
      /a: has a dimension or offset of 18446744073709551615/,
    ],
    [
      'antirez/gguf-tools issue 25: more than 8 dimensions',
      gguf({ entries: [{ dimensions: Array(9).fill(1) }] }),
      /a: expected at most 4 dimensions, found 9/,
    ],
    [
      'ggml-org/ggml pull request 1516: a string of 1 GiB in a file of 160 bytes',
      gguf({ pairs: [pair('general.name', 8, uint64(2 ** 30))] }),
      /claims 1073741824 bytes in a string/,
    ],
    [
      'ggml-org/ggml pull request 1516: an alignment of 1 GiB',
      gguf({ pairs: [pair('general.alignment', UINT32, uint32(2 ** 30))], entries: [{}] }),
      /a ends at byte 1073741856, the file at/,
    ],
  ])('%s', (_, bytes, message) => {
    expectRefusal(() => openGguf(saved('case.gguf', bytes)), message);
  });

  it('EricLBuehler/mistral.rs issue 2225: an end token beyond the vocabulary', () => {
    const list = (type: number, ...items: Buffer[]) =>
      Buffer.concat([uint32(type), uint64(items.length), ...items]);
    const strings = (...items: string[]) => list(8, ...items.map(text));
    const file = openGguf(
      saved(
        'case.gguf',
        gguf({
          pairs: [
            pair('tokenizer.ggml.model', 8, text('gpt2')),
            pair('tokenizer.ggml.pre', 8, text('gpt-2')),
            pair('tokenizer.ggml.tokens', ARRAY, strings('a', 'b', 'ab')),
            pair('tokenizer.ggml.token_type', ARRAY, list(UINT32, uint32(1), uint32(1), uint32(1))),
            pair('tokenizer.ggml.merges', ARRAY, strings('a b')),
            pair('tokenizer.ggml.eos_token_id', UINT32, uint32(999_999)),
          ],
        }),
      ),
    );
    file.close();
    expectRefusal(
      () => ggufTokenizer(file.metadata),
      /eos_token_id: expected a token's id, 0 to 2, found 999999/,
    );
  });
});

/** A safetensors file with a header, given as text, and `bytes` bytes of data. */
function safetensors(header: string, bytes: number, claimed = BigInt(header.length)): Buffer {
  return Buffer.concat([uint64(claimed), Buffer.from(header), Buffer.alloc(bytes)]);
}

const f32 = (shape: number[], ...offsets: number[]) =>
  JSON.stringify({ dtype: 'F32', shape, data_offsets: offsets });

describe('safetensors', () => {
  it.each<[string, Uint8Array, RegExp]>([
    [
      'ollama/ollama pull request 17149: a header length of -1',
      safetensors(`{"a":${f32([1], 0, 4)}}`, 4, 2n ** 64n - 1n),
      /its header claims 18446744073709552000 bytes/,
    ],
    [
      'ollama/ollama pull request 17149: one offset',
      safetensors(`{"a":${f32([1], 0)}}`, 4),
      /data_offsets: expected two whole numbers, found \[0\]/,
    ],
    [
      'ollama/ollama pull request 17149: offsets in the wrong order',
      safetensors(`{"a":${f32([1], 4, 0)}}`, 4),
      /expected 4 bytes for \[1\] of F32, found data_offsets that span -4/,
    ],
    [
      'ml-explore/mlx issue 3363: a large shape over 4 bytes of data',
      safetensors(`{"t":${f32([1000, 1000], 0, 4)}}`, 4),
      /tensor t: expected 4000000 bytes for \[1000, 1000\] of F32, found data_offsets that span 4/,
    ],
    [
      'ohdearquant/lattice issue 752: two tensors in the same bytes',
      safetensors(`{"k_proj.weight":${f32([1], 0, 4)},"v_proj.weight":${f32([1], 0, 4)}}`, 4),
      /v_proj\.weight: expected it to start at byte \d+, found \d+: the file is damaged/,
    ],
    [
      'safetensors/safetensors issue 401: a name that comes twice',
      safetensors(`{"key00":${f32([1], 0, 4)},"key00":${f32([1], 4, 8)}}`, 8),
      /key00: expected it to start at byte \d+, found \d+/,
    ],
    [
      'antonellof/ferrox pull request 56: a shape whose product wraps around to 0',
      safetensors(`{"a":${f32([2 ** 32, 2 ** 32], 0, 0)}}`, 0),
      /shape: expected at most 9007199254740991 elements, found \[4294967296,4294967296\]/,
    ],
    [
      'safetensors/safetensors issue 414: a pickled file under the name of another format',
      Buffer.from('PK\u0003\u0004 and the rest of a zip file'),
      /its header claims \d+ bytes, the file has \d+: it is no safetensors file/,
    ],
  ])('%s', (_, bytes, message) => {
    expectRefusal(() => openSafetensors(saved('case.safetensors', bytes)), message);
  });

  it('huggingface/peft issue 1443: an adapter that DeepSpeed saved without its values', () => {
    const adapter = join(folder, 'adapter');
    mkdirSync(adapter);
    const config = { peft_type: 'LORA', r: 16, lora_alpha: 16, target_modules: ['gate_proj'] };
    saved('adapter/adapter_config.json', JSON.stringify(config));
    const module = 'base_model.model.model.layers.0.mlp.gate_proj';
    const header = `{"${module}.lora_A.weight":${f32([0], 0, 0)},"${module}.lora_B.weight":${f32([0], 0, 0)}}`;
    saved('adapter/adapter_model.safetensors', safetensors(header, 0));
    expectRefusal(() => openAdapter(adapter), /gate_proj\.lora_A\.weight: expected rank 16 .*, found 0/);
  });
});

/** A byte-level tokenizer of three tokens, with changed parts. */
const tokenizer = (changes: object) => ({
  model: { type: 'BPE', vocab: { a: 0, b: 1, ab: 2 }, merges: [['a', 'b']] },
  ...changes,
});

describe('tokenizers', () => {
  it.each<[string, object, RegExp]>([
    [
      'huggingface/tokenizers issue 2094: a merge that is longer than every token',
      tokenizer({ model: { type: 'BPE', vocab: { aaaa: 0, bbbb: 1 }, merges: [['aaaa', 'bbbb']] } }),
      /the merge of aaaa and bbbb without aaaabbbb/,
    ],
    [
      'huggingface/tokenizers pull request 2151: a template with a token that is not described',
      tokenizer({
        post_processor: {
          type: 'TemplateProcessing',
          single: [{ SpecialToken: { id: '[CLS]', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
          special_tokens: {},
        },
      }),
      /post_processor: expected templates whose tokens are all in special_tokens, found a template with \[CLS\]/,
    ],
    [
      'huggingface/tokenizers pull request 2060: a pattern that takes exponential time',
      tokenizer({
        pre_tokenizer: { type: 'Split', pattern: { Regex: '(a+)+$' }, behavior: 'Removed', invert: false },
      }),
      /the regular expression \(a\+\)\+.*: expected one that is searched for in less than 1 s/,
    ],
  ])('%s', (_, json, message) => {
    saved('tokenizer.json', JSON.stringify(json));
    expectRefusal(() => Tokenizer.load(folder).encode(`${'a'.repeat(40)}b`, 100), message);
  });
});
