// Stands in for onnxruntime-node: sessions that answer at once, with the same logits for every row that is read. It is
// for measuring what surrounds the forward passes.

import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const env = { versions: { node: 'instant' } };

export class Tensor {
  constructor(type, data, dims) {
    Object.assign(this, { type, data, dims });
  }
}

export class InferenceSession {
  inputNames = ['input_ids', 'head_rows'];
  outputMetadata = [{ name: 'logits', isTensor: true, shape: ['reads', 'labels'] }];
  #labels;

  constructor(labels) {
    this.#labels = labels;
  }

  /** `path` is the graph of a model folder, which is not read. */
  static async create(path, { profileFilePrefix }) {
    if (profileFilePrefix !== undefined) writeFileSync(`${profileFilePrefix}.json`, '[]');
    const { labels } = JSON.parse(readFileSync(join(dirname(path), 'model.json'), 'utf8'));
    return new InferenceSession(labels.length);
  }

  async run({ head_rows: rows }) {
    const dims = [rows.dims[0], this.#labels];
    const data = Float32Array.from({ length: dims[0] * dims[1] }, (_, i) => i % dims[1]);
    return { logits: new Tensor('float32', data, dims) };
  }

  endProfiling() {}

  async release() {}
}
