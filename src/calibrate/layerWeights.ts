// The weights of one decoder layer, read from the checkpoint and merged once, although a calibration uses them twice:
// in the graph that runs the layer, and to measure what quantising them costs.

import { linearLayers } from '../checkpoint/layers.js';
import type { Merged } from '../checkpoint/merge.js';
import { rowWidth, type TensorSource } from '../checkpoint/tensors.js';
import { giveBack } from '../kernels/buffers.js';

export class LayerWeights {
  readonly #merged: Merged;
  /** The weights of the layer's linear layers, whole, by tensor name. */
  readonly #weights = new Map<string, Float32Array>();

  constructor(merged: Merged) {
    this.#merged = merged;
  }

  /** Reads the linear layers of a decoder layer, in place of those of the layer before. */
  async load(layer: number): Promise<void> {
    for (const weight of this.#weights.values()) giveBack(weight);
    this.#weights.clear();
    for (const { name } of linearLayers(this.#merged.decoder)) {
      const tensor = `layers.${layer}.${name}.weight`;
      this.#weights.set(tensor, await this.#merged.weights.read(tensor));
    }
  }

  /** The weight [out, in] of a linear layer of the loaded decoder layer. The array still belongs to this object. */
  of(module: string): Float32Array {
    return this.#weights.get(`${module}.weight`)!;
  }

  /** The checkpoint's tensors. Those that are loaded are copied, the others read. */
  get source(): TensorSource {
    const { weights } = this.#merged;
    return {
      ...weights,
      read: async (name, start, end) => {
        const loaded = this.#weights.get(name);
        if (!loaded) return weights.read(name, start, end);
        const width = rowWidth(weights.tensors.get(name)!.shape);
        return loaded.slice((start ?? 0) * width, end === undefined ? undefined : end * width);
      },
    };
  }
}
