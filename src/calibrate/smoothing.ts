// Smoothing: each channel of an activation is divided by a factor in the module that produces it, and the columns of the
// weights that read it are multiplied by that factor. The model computes the same, and both quantise better.
// SmoothQuant, https://arxiv.org/abs/2211.10438

import type { DecoderConfig } from '../checkpoint/config.js';
import { isNorm, producerOf } from '../checkpoint/layers.js';
import { rowWidth, type TensorSource } from '../checkpoint/tensors.js';

/** The factors of a tensor's rows and of its columns. */
export interface Scaling {
  readonly rows?: Float32Array;
  readonly columns?: Float32Array;
}

/** The scaling of each tensor, by the tensor's name. */
export type Smoothing = Map<string, Scaling>;

/** The linear layers that read one value, and the factor of each of its channels. */
export interface SmoothedInput {
  readonly modules: readonly string[];
  readonly factors: Float32Array;
}

/** Adds to `smoothing` the scaling of the tensors that produce and read one value, which is not the residual stream. */
export function smoothInput(
  smoothing: Smoothing,
  config: DecoderConfig,
  { modules, factors }: SmoothedInput,
): void {
  for (const module of modules) scale(`${module}.weight`, { columns: factors });
  const inverse = factors.map(factor => 1 / factor);
  const producer = producerOf(modules[0]!, config)!;
  const rows = producer.endsWith('.v_proj') ? onePerGroup(inverse, config) : inverse;
  for (const kind of ['weight', 'bias']) scale(`${producer}.${kind}`, { rows });

  function scale(name: string, more: Scaling): void {
    smoothing.set(name, { ...smoothing.get(name), ...more });
  }
}

/** Query heads of a group read the same head of values and have the same factors: those of its first head are taken. */
function onePerGroup(perQueryHead: Float32Array, { heads, kvHeads, headDim }: DecoderConfig): Float32Array {
  const group = heads / kvHeads;
  return Float32Array.from({ length: kvHeads * headDim }, (_, channel) => {
    const head = Math.floor(channel / headDim);
    return perQueryHead[head * group * headDim + (channel % headDim)]!;
  });
}

/**
 * The same tensors, scaled as they are read. A norm multiplies by its weight plus `normOffset`, so that sum is scaled.
 */
export function smoothed(
  source: TensorSource,
  smoothing: Smoothing,
  { normOffset }: DecoderConfig,
): TensorSource {
  return {
    ...source,
    async read(name, start = 0, end = source.tensors.get(name)?.shape[0] ?? 1) {
      const values = await source.read(name, start, end);
      const scaling = smoothing.get(name);
      if (!scaling) return values;
      const width = rowWidth(source.tensors.get(name)!.shape);
      const offset = isNorm(name.replace(/\.weight$/, '')) ? normOffset : 0;
      for (let at = 0, row = start; at < values.length; at += width, row++) {
        const rowFactor = scaling.rows?.[row] ?? 1;
        for (let i = 0; i < width; i++) {
          const factor = rowFactor * (scaling.columns?.[i] ?? 1);
          values[at + i] = (values[at + i]! + offset) * factor - offset;
        }
      }
      return values;
    },
  };
}
