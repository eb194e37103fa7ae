// The kinds of prediction requests, by their names.

import { type RequestBody, readJson } from '../../api/body.js';
import { classifyKind } from '../../api/classify.js';
import { nerKind } from '../../api/ner.js';
import type { AnyRequestKind } from '../../api/requestKind.js';
import { huggingFaceEntities, huggingFaceLabels } from '../../compat/huggingFace.js';
import { kserveEntities, kserveLabels } from '../../compat/kserve.js';
import { openInferenceEntities, openInferenceLabels } from '../../compat/openInference.js';
import { readTensors } from '../../compat/tensors.js';
import { textEmbeddingsPredict } from '../../compat/textEmbeddings.js';
import { isVllmRequest, vllmClassify } from '../../compat/vllm.js';
import { vllmTokenize } from '../../compat/vllmTokenize.js';

interface Reader {
  read(body: RequestBody): unknown;
  kindOf(json: unknown): AnyRequestKind;
}

const ofJson = (kind: AnyRequestKind): Reader => ({ read: readJson, kindOf: () => kind });
const ofTensors = (kind: AnyRequestKind): Reader => ({ read: readTensors, kindOf: () => kind });

export const KINDS = {
  classify: { read: readJson, kindOf: json => (isVllmRequest(json) ? vllmClassify : classifyKind) },
  ner: ofJson(nerKind),
  huggingFaceLabels: ofJson(huggingFaceLabels),
  huggingFaceEntities: ofJson(huggingFaceEntities),
  kserveLabels: ofJson(kserveLabels),
  kserveEntities: ofJson(kserveEntities),
  openInferenceLabels: ofTensors(openInferenceLabels),
  openInferenceEntities: ofTensors(openInferenceEntities),
  textEmbeddingsPredict: ofJson(textEmbeddingsPredict),
  vllmTokenize: ofJson(vllmTokenize),
} satisfies Record<string, Reader>;

export type KindName = keyof typeof KINDS;
