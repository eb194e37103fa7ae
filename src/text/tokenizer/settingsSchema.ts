// JSON Schema of tokenizer_config.json, special_tokens_map.json and a model's config.json, as far as they decide ids.

const flag = { type: ['boolean', 'null'] } as const;
const name = { type: ['string', 'null'] } as const;
const tokenWithFlags = {
  type: 'object',
  required: ['content'],
  properties: { content: { type: 'string' } },
} as const;
const token = { oneOf: [{ type: ['string', 'null'] }, tokenWithFlags] } as const;
const tokens = { type: 'array', items: token } as const;
const limit = { type: ['number', 'null'] } as const;

export const settingsSchema = {
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
    added_tokens_decoder: { type: 'object', additionalProperties: tokenWithFlags },
    additional_special_tokens: { oneOf: [{ type: 'null' }, tokens] },
    extra_special_tokens: {
      oneOf: [{ type: 'null' }, tokens, { type: 'object', additionalProperties: token }],
    },
    model_specific_special_tokens: { type: ['object', 'null'], additionalProperties: token },
  },
  patternProperties: { '^(bos|eos|unk|sep|pad|cls|mask)_token$': token },
};
