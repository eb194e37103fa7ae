// vLLM's POST /tokenize: the tokens of a prompt, without a forward pass.
// https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html#tokenizer-api

import { jsonAnswer, type Result } from '../api/answer.js';
import type { VllmTokenizeRequest, VllmTokenizeResponse } from '../api/openapi.js';
import {
  type ComputedRequest,
  type EncodedTexts,
  type RequestKind,
  textsOfField,
} from '../api/requestKind.js';
import { schemaOf } from '../api/validation.js';
import type { TokenList } from '../text/tokenizer.js';

/** Nothing of it is run. */
interface Tokenized extends EncodedTexts {
  readonly list: TokenList;
}

export const vllmTokenize: RequestKind<VllmTokenizeRequest, Tokenized> = {
  check: schemaOf('VllmTokenizeRequest'),

  fieldsOf: ({ model }) => ({ model: model ?? undefined }),

  textsOf: ({ prompt }) => textsOfField('prompt', prompt),

  *encode({ tokenizer }, [prompt], { add_special_tokens: addSpecialTokens }) {
    const list = tokenizer.tokenize(prompt as string, { addSpecialTokens });
    yield { list, sequences: [], tokens: 0 };
  },

  answer: request => jsonAnswer('', tokensOf(request), ''),
};

function* tokensOf({
  model,
  body,
  encoded,
}: ComputedRequest<VllmTokenizeRequest, Tokenized>): Generator<Result> {
  const { ids, tokens } = encoded[0]!.list;
  const json: VllmTokenizeResponse = {
    count: ids.length,
    max_model_len: model.manifest.maxLength,
    tokens: [...ids],
    token_strs: body.return_token_strs ? tokens : null,
  };
  yield { json, predictions: [] };
}
