// What the Open Inference Protocol says about the service and its models.
// https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md

import type {
  OpenInferenceIndexEntry,
  OpenInferenceModel,
  OpenInferenceServer,
  OpenInferenceTensor,
} from '../api/openapi.js';
import type { Manifest } from '../model/manifest.js';
import type { LoadedModel } from '../predictor/model.js';
import { type StoredModel, stateOf } from '../predictor/store.js';
import { VERSION } from '../version.js';

export const SERVER: OpenInferenceServer = {
  name: 'lsllama',
  version: VERSION,
  extensions: ['binary_tensor_data', 'classification', 'model_repository'],
};

export function modelMetadata({ name, manifest }: LoadedModel): OpenInferenceModel {
  return {
    name,
    versions: [manifest.version],
    platform: 'onnxruntime_onnx',
    inputs: [{ name: 'text', datatype: 'BYTES', shape: [-1] }],
    outputs: outputsOf(manifest),
  };
}

/** The tensors that a model answers with. -1 is the number of texts. */
export function outputsOf({ task, labels, problemType }: Manifest): readonly OpenInferenceTensor[] {
  if (task === 'token') return [{ name: 'entities', datatype: 'BYTES', shape: [-1] }];
  const shape = [-1, labels.length];
  return [
    { name: 'label', datatype: 'BYTES', shape: [-1] },
    { name: 'score', datatype: 'FP32', shape: [-1] },
    ...(problemType === 'regression' ? [] : [{ name: 'probabilities', datatype: 'FP32', shape } as const]),
    { name: 'logits', datatype: 'FP32', shape: problemType === 'binary' ? [-1, 1] : shape },
  ];
}

/** An entry of the repository index. */
export function indexEntry(stored: StoredModel): OpenInferenceIndexEntry {
  const state = stateOf(stored);
  const { name } = stored;
  if (stored.state !== 'ready') return { name, version: '', state: 'UNAVAILABLE', reason: state };
  const { version } = stored.model.manifest;
  if (state !== 'ready') return { name, version, state: 'UNAVAILABLE', reason: state };
  return { name, version, state: 'READY', reason: '' };
}
