// The POST /predict and GET /info of text-embeddings-inference.
// https://huggingface.github.io/text-embeddings-inference

import { jsonAnswer, type Result } from '../api/answer.js';
import type { TextEmbeddingsInfo, TextEmbeddingsRequest } from '../api/openapi.js';
import { unprocessable } from '../api/problem.js';
import { type ComputedRequest, isPair, type RequestKind, type Texts } from '../api/requestKind.js';
import { MAX_TEXTS, schemaOf } from '../api/validation.js';
import { type Classification, classifications } from '../predictor/classify.js';
import { type EncodedText, encodeText, type TextPair, UnusableText } from '../predictor/encode.js';
import type { LoadedModel } from '../predictor/model.js';
import type { TruncationSide } from '../text/tokenizer.js';
import { VERSION } from '../version.js';

export const textEmbeddingsPredict: RequestKind<TextEmbeddingsRequest, EncodedText, string | TextPair> = {
  check: schemaOf('TextEmbeddingsRequest'),

  fieldsOf: () => ({}),

  textsOf: ({ inputs }) => textsOf(inputs),

  *encode(model, texts, { truncate, truncation_direction: direction }) {
    const options = { truncate, truncationSide: direction.toLowerCase() as TruncationSide };
    for (const text of texts) {
      if (isPair(text) && !model.tokenizer.readsPairs) throw new UnusableText(NO_PAIRS);
      yield encodeText(model, text, options);
    }
  },

  answer: request =>
    isBatch(request.body.inputs)
      ? jsonAnswer('[', resultsOf(request), ']')
      : jsonAnswer('', resultsOf(request), ''),
};

const NO_PAIRS =
  'expected one text, found two: a list of two texts is a pair, and the tokenizer of the model has no template for pairs that puts a token between them; a batch is a list of lists, [["a"], ["b"]]';

type Inputs = TextEmbeddingsRequest['inputs'];

function isBatch(inputs: Inputs): inputs is readonly string[][] {
  return typeof inputs[0] === 'object';
}

/** One text is `"a"` or `["a"]`, a batch `[["a"], ["b"]]`; `["a", "b"]` is a pair of texts, also in a batch. */
function textsOf(inputs: Inputs): Texts<string | TextPair> {
  if (typeof inputs === 'string') return { texts: [inputs], pathOf: () => '/inputs' };
  if (!isBatch(inputs)) {
    return { texts: [textOf(inputs as readonly string[], '/inputs')], pathOf: () => '/inputs' };
  }
  const texts = inputs.map((input, index) => textOf(input, `/inputs/${index}`));
  return { texts, pathOf: index => `/inputs/${index}` };
}

function textOf(input: string | readonly string[], path: string): string | TextPair {
  if (typeof input === 'string')
    throw unprocessable(path, 'expected a list with one text, because the first of the batch is a list');
  if (input.some(text => typeof text !== 'string'))
    throw unprocessable(path, 'expected a text, because the first of the list is one');
  const [text, pair, ...more] = input;
  if (more.length > 0) {
    throw unprocessable(
      path,
      `expected one text or a pair of texts, found ${input.length}: a batch is a list of lists, [["a"], ["b"]]`,
    );
  }
  return pair === undefined ? text! : { text: text!, text_pair: pair };
}

function* resultsOf({
  model,
  body,
  encoded,
  rows,
}: ComputedRequest<TextEmbeddingsRequest, EncodedText, string | TextPair>): Generator<Result> {
  const { labels } = model.manifest;
  for (const result of classifications(model.manifest, encoded, rows, 'truncate')) {
    const scores = scoresOf(result, body);
    const json = labels.map((label, row) => ({ score: scores[row]!, label }));
    const { label, score, probabilities } = result;
    yield {
      json: json.sort((a, b) => b.score - a.score),
      predictions: [{ label, score: probabilities && score }],
    };
  }
}

/** One for each label. A head with one row for two labels has the logit of the second; that of the first is 0. */
function scoresOf({ probabilities, logits }: Classification, body: TextEmbeddingsRequest): readonly number[] {
  if (!probabilities) return [...logits];
  const scores = Object.values(probabilities);
  if (!body.raw_scores) return scores;
  return logits.length === scores.length ? [...logits] : [0, ...logits];
}

/** What GET /info says about a classifier. */
export function textEmbeddingsInfo({ name, manifest }: LoadedModel): TextEmbeddingsInfo {
  const { version, labels, precision, maxLength } = manifest;
  return {
    model_id: name,
    model_sha: version,
    model_dtype: precision,
    model_type: {
      classifier: {
        id2label: Object.fromEntries(labels.map((label, row) => [String(row), label])),
        label2id: Object.fromEntries(labels.map((label, row) => [label, row])),
      },
    },
    max_input_length: maxLength,
    max_client_batch_size: MAX_TEXTS,
    auto_truncate: true,
    version: VERSION,
  };
}
