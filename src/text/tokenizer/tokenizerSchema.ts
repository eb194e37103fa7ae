// JSON Schemas of a tokenizer.json and of an added_tokens.json.
// Fields: https://github.com/huggingface/tokenizers/tree/main/tokenizers/src, as serde writes them.

const id = { type: 'integer', minimum: 0, maximum: 2 ** 31 } as const;
const text = { type: 'string' } as const;
/** A text that is put into the user's text; it has one character in known tokenizers. */
const insertion = { type: 'string', maxLength: 100 } as const;
const flag = { type: ['boolean', 'null'] } as const;
const count = { type: 'integer', minimum: 0 } as const;
/** A special token with its id. */
const tokenWithId = { type: 'array', prefixItems: [text, id], minItems: 2, maxItems: 2 } as const;

/** The fields that a component must have, by its type. */
const REQUIRED_FIELDS: Readonly<Record<string, readonly string[]>> = {
  BertProcessing: ['cls', 'sep'],
  Metaspace: ['replacement'],
  Prepend: ['prepend'],
  Replace: ['pattern', 'content'],
  RobertaProcessing: ['cls', 'sep'],
  Split: ['pattern', 'behavior'],
  TemplateProcessing: ['single', 'special_tokens'],
};

/** Ids by token. */
export const addedTokensSchema = { type: 'object', additionalProperties: id };

export const tokenizerSchema = {
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
    decoder: { oneOf: [{ type: 'null' }, { $ref: '#/$defs/decoder' }] },
    truncation: {
      type: ['object', 'null'],
      properties: { direction: { enum: ['Left', 'Right', 'left', 'right'] } },
    },
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
    decoder: sequenceOf('decoder', 'decoders'),
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
        content: insertion,
        behavior: text,
        invert: flag,
        prepend: insertion,
        replacement: { type: 'string', minLength: 1, maxLength: 1 },
        prepend_scheme: text,
        split: flag,
        add_prefix_space: flag,
        use_regex: flag,
        individual_digits: flag,
        start: count,
        stop: count,
        cls: tokenWithId,
        sep: tokenWithId,
        single: { $ref: '#/$defs/template' },
        pair: { $ref: '#/$defs/template' },
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
        ...Object.entries(REQUIRED_FIELDS).map(([type, required]) => ({
          if: { properties: { type: { const: type } } },
          // biome-ignore lint/suspicious/noThenProperty: JSON Schema's keyword
          then: { required },
        })),
      ],
    },
    template: {
      type: 'array',
      items: {
        type: 'object',
        minProperties: 1,
        maxProperties: 1,
        properties: { SpecialToken: { $ref: '#/$defs/part' }, Sequence: { $ref: '#/$defs/part' } },
        additionalProperties: false,
      },
    },
    part: { type: 'object', required: ['id'], properties: { id: text } },
  },
};

/** A component of a kind, or a Sequence of several, which are in its field `list`. */
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
