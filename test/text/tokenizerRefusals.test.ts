// What a tokenizer.json is refused for names what was found, or that there was nothing.

import { expect, it } from 'vitest';
import { compileModel } from '../../dist/text/tokenizer/model.js';

it.each([
  [{}, 'tokenizer.json: model: expected BPE, found none'],
  [{ type: { a: 1 } }, 'tokenizer.json: model: expected BPE, found {"a":1}'],
  [{ type: 'Unigram' }, 'tokenizer.json: model: expected BPE, found Unigram'],
])('%j', (model, message) => {
  expect(() => compileModel(model as unknown as Parameters<typeof compileModel>[0], true)).toThrow(message);
});
