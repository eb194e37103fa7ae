// vLLM's POST /classify, POST /tokenize and GET /v1/models.
// https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html

import { randomUUID } from 'node:crypto';
import { jsonAnswer, type Result } from '../api/answer.js';
import { encodeEach } from '../api/classify.js';
import type { VllmClassifyRequest, VllmModel } from '../api/openapi.js';
import { type ComputedRequest, type RequestKind, textsOfField, tokensOf } from '../api/requestKind.js';
import { schemaOf } from '../api/validation.js';
import { type Classification, classifications } from '../predictor/classify.js';
import type { EncodedText, TextOptions } from '../predictor/encode.js';
import type { LoadedModel } from '../predictor/model.js';

/** Whether a body sent to /classify is vLLM's. Ours has `inputs`, and no field `input`. */
export function isVllmRequest(json: unknown): boolean {
  return typeof json === 'object' && json !== null && 'input' in json && !('inputs' in json);
}

export const vllmClassify: RequestKind<VllmClassifyRequest, EncodedText> = {
  errorShape: 'vllm',
  check: schemaOf('VllmClassifyRequest'),

  fieldsOf: ({ model }) => ({ model: model ?? undefined }),

  textsOf: ({ input }) => textsOfField('input', input),

  encode: (model, texts, { truncate_prompt_tokens: limit }) =>
    encodeEach(model, texts, truncationOf(limit ?? undefined)),

  answer(request) {
    const { model, encoded } = request;
    const tokens = tokensOf(encoded);
    const head = {
      id: `classify-${randomUUID()}`,
      object: 'list',
      created: Math.floor(Date.now() / 1000),
      model: model.name,
    };
    const usage = {
      prompt_tokens: tokens,
      total_tokens: tokens,
      completion_tokens: 0,
      prompt_tokens_details: null,
    };
    return jsonAnswer(
      `${JSON.stringify(head).slice(0, -1)},"data":[`,
      resultsOf(request),
      `],"usage":${JSON.stringify(usage)}}`,
    );
  },
};

/** As in vLLM, a text that is too long is refused unless a limit is given, and -1 stands for the model's own. */
function truncationOf(limit: number | undefined): TextOptions {
  if (limit === undefined) return { truncate: false };
  return limit === -1 ? {} : { maxLength: limit };
}

function* resultsOf({
  model,
  body,
  encoded,
  rows,
}: ComputedRequest<VllmClassifyRequest, EncodedText>): Generator<Result> {
  let index = 0;
  for (const result of classifications(model.manifest, encoded, rows, 'truncate')) {
    const { label } = result;
    const probs = probsOf(result, body);
    yield {
      json: { index, label, probs, num_classes: probs.length },
      predictions: [{ label, score: result.probabilities && result.score }],
    };
    index++;
  }
}

/** Without the activation, the logits. A regression has none to apply. */
function probsOf({ probabilities, logits }: Classification, body: VllmClassifyRequest): number[] {
  return probabilities && body.use_activation !== false ? Object.values(probabilities) : [...logits];
}

/** When the service started. Seconds of Unix time. */
const STARTED = Math.floor(performance.timeOrigin / 1000);

/** A model that is loaded, as GET /v1/models lists it. */
export function vllmModel({ name, manifest }: LoadedModel): VllmModel {
  return {
    id: name,
    object: 'model',
    created: STARTED,
    owned_by: 'lsllama',
    root: name,
    parent: null,
    max_model_len: manifest.maxLength,
    permission: [],
    name,
    ready: true,
  };
}
