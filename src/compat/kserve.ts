// KServe's V1 protocol: POST /v1/models/{name}:predict. A prediction is what /classify or /ner say about a text.
// https://kserve.github.io/website/docs/concepts/architecture/data-plane/v1-protocol

import { jsonAnswer } from '../api/answer.js';
import { CLASSIFY_DEFAULTS, classifyResults, encodeEach } from '../api/classify.js';
import { encodeAllWords, NER_DEFAULTS, nerResults } from '../api/ner.js';
import type { KserveRequest } from '../api/openapi.js';
import { type RequestKind, textsOfField } from '../api/requestKind.js';
import { schemaOf } from '../api/validation.js';
import type { EncodedText, EncodedWords } from '../predictor/encode.js';

const common = {
  check: schemaOf('KserveRequest'),
  fieldsOf: () => ({}),
  textsOf: ({ instances }: KserveRequest) => textsOfField('instances', instances),
} as const;

export const kserveLabels: RequestKind<KserveRequest, EncodedText> = {
  ...common,
  encode: (model, texts) => encodeEach(model, texts),
  answer: request =>
    jsonAnswer('{"predictions":[', classifyResults({ ...request, body: CLASSIFY_DEFAULTS }), ']}'),
};

export const kserveEntities: RequestKind<KserveRequest, EncodedWords> = {
  ...common,
  encode: encodeAllWords,
  answer: request => jsonAnswer('{"predictions":[', nerResults({ ...request, body: NER_DEFAULTS }), ']}'),
};
