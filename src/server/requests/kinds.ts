// The routes that ask a model, by their names.

import type { EncodedWords } from '../../predictor/encode.js';
import type { NerRequest } from '../openapi.js';
import { classifyKind } from './classify.js';
import { nerKind } from './ner.js';
import { PredictionRequest } from './request.js';

export type KindName = 'classify' | 'ner';

/** A request of any kind. */
export type AnyRequest = Pick<PredictionRequest<NerRequest, EncodedWords>, 'parse' | 'encode' | 'answer'>;

export function newRequest(kind: KindName): AnyRequest {
  return kind === 'classify' ? new PredictionRequest(classifyKind) : new PredictionRequest(nerKind);
}
