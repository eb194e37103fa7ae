// Hugging Face's Inference API: POST /models/{name}, with the answers of transformers' pipelines.
// https://huggingface.co/docs/inference-providers/tasks/token-classification

import { jsonAnswer, type Result } from '../api/answer.js';
import { encodeEach } from '../api/classify.js';
import type { HuggingFaceRequest } from '../api/openapi.js';
import { unprocessable } from '../api/problem.js';
import { type ComputedRequest, type RequestKind, textsOfField } from '../api/requestKind.js';
import { schemaOf } from '../api/validation.js';
import { classifications } from '../predictor/classify.js';
import type { EncodedText } from '../predictor/encode.js';
import type { TextModel } from '../predictor/model.js';
import { type EncodedTokens, encodeTokens } from '../predictor/pipeline/encodeTokens.js';
import { pipelineEntitiesInSlices } from '../predictor/pipeline/entities.js';
import { pipelineLabels } from '../predictor/pipeline/labels.js';

type Parameters = NonNullable<HuggingFaceRequest['parameters']>;

/** The most tokens of a request, each counted as often as a window has it. */
const MAX_TOKENS = 1_000_000;

const common = {
  check: schemaOf('HuggingFaceRequest'),
  fieldsOf: () => ({}),
  textsOf: ({ inputs }: HuggingFaceRequest) => textsOfField('inputs', inputs),
};

export const huggingFaceLabels: RequestKind<HuggingFaceRequest, EncodedText> = {
  ...common,
  *encode(model, texts, { parameters = {} }) {
    refuse(parameters, ['aggregation_strategy', 'ignore_labels', 'stride'], 'a tagger');
    yield* encodeEach(model, texts);
  },
  // Clients read the first list, also of a single text.
  answer: request => jsonAnswer('[', labelResults(request), ']'),
};

export const huggingFaceEntities: RequestKind<HuggingFaceRequest, EncodedTokens> = {
  ...common,
  *encode(model, texts, { parameters = {} }) {
    refuse(parameters, ['top_k', 'function_to_apply'], 'a classifier');
    yield* encodeAllTokens(model, texts, parameters);
  },
  answer: request =>
    typeof request.body.inputs === 'string'
      ? jsonAnswer('', entityResults(request), '')
      : jsonAnswer('[', entityResults(request), ']'),
};

function refuse(parameters: Parameters, others: readonly (keyof Parameters)[], task: string): void {
  const found = others.find(name => parameters[name] != null);
  if (found) throw unprocessable(`/parameters/${found}`, `is for ${task}, which the model is not`);
}

function* encodeAllTokens(
  model: TextModel,
  texts: readonly string[],
  parameters: Parameters,
): Generator<EncodedTokens | undefined> {
  const { stride } = parameters;
  const options = { aggregationStrategy: strategyOf(parameters), ...(stride != null && { stride }) };
  let room = MAX_TOKENS;
  for (const text of texts) {
    const encoded = yield* encodeTokens(model, text, options, room);
    for (const { ids } of encoded.windows) room -= ids.length;
    yield encoded;
  }
}

/** Unless it is given, that of the hosted service. */
function strategyOf({ aggregation_strategy: strategy }: Parameters) {
  return strategy ?? 'simple';
}

function* labelResults({
  model,
  body: { parameters = {} },
  encoded,
  rows,
}: ComputedRequest<HuggingFaceRequest, EncodedText>): Generator<Result> {
  const { top_k: topK, function_to_apply: functionToApply } = parameters;
  const options = { topK: topK ?? null, ...(functionToApply != null && { functionToApply }) };
  for (const { label, score, probabilities, logits } of classifications(
    model.manifest,
    encoded,
    rows,
    'truncate',
  )) {
    const predictions = [{ label, score: probabilities && score }];
    yield { json: pipelineLabels(model.manifest, logits, options), predictions };
  }
}

function* entityResults({
  model,
  body: { parameters = {} },
  texts,
  encoded,
  rows,
}: ComputedRequest<HuggingFaceRequest, EncodedTokens>): Generator<Result | undefined> {
  const { ignore_labels: ignoreLabels } = parameters;
  const options = {
    aggregationStrategy: strategyOf(parameters),
    ...(ignoreLabels != null && { ignoreLabels }),
  };
  let next = 0;
  for (const [index, text] of texts.entries()) {
    const own = rows.slice(next, next + encoded[index]!.sequences.length);
    next += own.length;
    const entities = yield* pipelineEntitiesInSlices(model, text, encoded[index]!, own, options);
    const predictions = entities.map(entity => ({
      label: 'entity' in entity ? entity.entity : entity.entity_group,
      score: entity.score,
    }));
    yield { json: entities, predictions };
  }
}
