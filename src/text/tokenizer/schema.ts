// The form of a tokenizer.json and of the files beside it, so that a damaged one is told by the place of the damage.
// Fields: https://github.com/huggingface/tokenizers/tree/main/tokenizers/src, as serde writes them.

import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { UserError } from '../../errors.js';
import type { TokenizerJson } from './json.js';

const id = { type: 'integer', minimum: 0, maximum: 2 ** 31 } as const;
const text = { type: 'string' } as const;
const flag = { type: ['boolean', 'null'] } as const;
const marker = { type: 'array', prefixItems: [text, id], minItems: 2, maxItems: 2 } as const;

/** What a component of a type cannot do without. */
const NEEDS: Readonly<Record<string, readonly string[]>> = {
  BertProcessing: ['cls', 'sep'],
  Metaspace: ['replacement'],
  Prepend: ['prepend'],
  Replace: ['pattern', 'content'],
  RobertaProcessing: ['cls', 'sep'],
  Split: ['pattern', 'behavior'],
  TemplateProcessing: ['single', 'special_tokens'],
};

const schema = {
  type: 'object',
  required: ['model'],
  properties: {
    added_tokens: {
      type: ['array', 'null'],
      items: {
        type: 'object',
        required: ['id', 'content'],
        properties: {
          id,
          content: text,
          single_word: flag,
          lstrip: flag,
          rstrip: flag,
          normalized: flag,
          special: flag,
        },
      },
    },
    normalizer: { oneOf: [{ type: 'null' }, { $ref: '#/$defs/normalizer' }] },
    pre_tokenizer: { oneOf: [{ type: 'null' }, { $ref: '#/$defs/pre_tokenizer' }] },
    post_processor: { oneOf: [{ type: 'null' }, { $ref: '#/$defs/post_processor' }] },
    truncation: { type: ['object', 'null'] },
    model: {
      type: 'object',
      required: ['vocab', 'merges'],
      properties: {
        type: text,
        vocab: { type: 'object', additionalProperties: id },
        merges: {
          type: 'array',
          items: {
            oneOf: [
              { type: 'string', pattern: '^[^ ]+ [^ ]+$' },
              { type: 'array', items: text, minItems: 2, maxItems: 2 },
            ],
          },
        },
        unk_token: { type: ['string', 'null'] },
        ignore_merges: flag,
        byte_fallback: flag,
        fuse_unk: flag,
      },
    },
  },
  $defs: {
    normalizer: sequenceOf('normalizer', 'normalizers'),
    pre_tokenizer: sequenceOf('pre_tokenizer', 'pretokenizers'),
    post_processor: sequenceOf('post_processor', 'processors'),
    component: {
      type: 'object',
      required: ['type'],
      properties: {
        type: text,
        pattern: {
          type: 'object',
          properties: { String: text, Regex: text },
          oneOf: [{ required: ['String'] }, { required: ['Regex'] }],
        },
        content: text,
        behavior: text,
        invert: flag,
        prepend: text,
        replacement: text,
        prepend_scheme: text,
        split: flag,
        add_prefix_space: flag,
        use_regex: flag,
        individual_digits: flag,
        cls: marker,
        sep: marker,
        single: {
          type: 'array',
          items: {
            type: 'object',
            minProperties: 1,
            maxProperties: 1,
            properties: { SpecialToken: { $ref: '#/$defs/part' }, Sequence: { $ref: '#/$defs/part' } },
            additionalProperties: false,
          },
        },
        special_tokens: {
          type: 'object',
          additionalProperties: {
            type: 'object',
            required: ['ids'],
            properties: { ids: { type: 'array', items: id } },
          },
        },
      },
      allOf: [
        ...Object.entries(NEEDS).map(([type, required]) => ({
          if: { properties: { type: { const: type } } },
          // biome-ignore lint/suspicious/noThenProperty: JSON Schema's keyword
          then: { required },
        })),
      ],
    },
    part: { type: 'object', required: ['id'], properties: { id: text } },
  },
};

/** A component, or several in `list` one after another. */
function sequenceOf(kind: string, list: string) {
  return {
    allOf: [
      { $ref: '#/$defs/component' },
      {
        if: { properties: { type: { const: 'Sequence' } } },
        // biome-ignore lint/suspicious/noThenProperty: JSON Schema's keyword
        then: {
          required: [list],
          properties: { [list]: { type: 'array', items: { $ref: `#/$defs/${kind}` } } },
        },
      },
    ],
  };
}

const name = { type: ['string', 'null'] } as const;
const token = {
  oneOf: [{ type: 'null' }, text, { type: 'object', required: ['content'], properties: { content: text } }],
} as const;
const tokens = { type: 'array', items: token } as const;
const limit = { type: ['number', 'null'] } as const;

/** tokenizer_config.json, special_tokens_map.json and a model's config.json, as far as they decide ids. */
const settingsSchema = {
  type: 'object',
  properties: {
    tokenizer_class: name,
    model_type: name,
    truncation_side: name,
    model_max_length: limit,
    max_len: limit,
    split_special_tokens: flag,
    add_bos_token: flag,
    add_eos_token: flag,
    add_prefix_space: flag,
    legacy: flag,
    added_tokens_decoder: { type: ['object', 'null'], additionalProperties: token },
    additional_special_tokens: { oneOf: [{ type: 'null' }, tokens] },
    extra_special_tokens: {
      oneOf: [{ type: 'null' }, tokens, { type: 'object', additionalProperties: token }],
    },
    model_specific_special_tokens: { type: ['object', 'null'], additionalProperties: token },
  },
  patternProperties: { '^(bos|eos|unk|sep|pad|cls|mask)_token$': token },
};

const ajv = new Ajv2020({
  allowUnionTypes: true,
  strictTuples: false,
  strictRequired: false,
  strictTypes: false,
});
const isTokenizer = ajv.compile<TokenizerJson>(schema);
const areSettings = ajv.compile(settingsSchema);
const areIds = ajv.compile({ type: 'object', additionalProperties: id });

/** Throws UserError naming the first place of tokenizer.json that is not as the tokenizers library writes it. */
export function checkTokenizer(json: unknown, where: string): asserts json is TokenizerJson {
  check(isTokenizer, json, where);
}

/** The same of a file of settings. */
export function checkSettings(settings: unknown, where: string): void {
  check(areSettings, settings, where);
}

/** The same of added_tokens.json: ids by token. */
export function checkIds(ids: unknown, where: string): void {
  check(areIds, ids, where);
}

function check(validate: ValidateFunction, value: unknown, where: string): void {
  if (validate(value)) return;
  throw new UserError(`${where}: ${ajv.errorsText(validate.errors?.slice(0, 1), { dataVar: 'file' })}`);
}
