// Phi-3 keeps queries, keys and values in one matrix, and gate and up in another. Adapters change these fused matrices,
// so they are split after the merge. Each part is a range of the matrix's rows.

import { UserError } from '../errors.js';
import type { DecoderConfig } from './config.js';
import type { TensorInfo, TensorSource } from './tensors.js';

/**
 * The same tensors, with every fused one replaced by its parts. A source without fused tensors is returned unchanged.
 * Throws UserError where a fused tensor does not have the rows of its parts.
 */
export function splitFused(source: TensorSource, decoder: DecoderConfig): TensorSource {
  const parts = partsOf(decoder);
  const tensors = new Map<string, TensorInfo>();
  const slices = new Map<string, { fused: string; from: number }>();
  for (const info of source.tensors.values()) {
    const [, layer, module, kind] = /^(layers\.\d+\.)(.+)\.(\w+)$/.exec(info.name) ?? [];
    const split = parts.get(module ?? '');
    if (!split) {
      tensors.set(info.name, info);
      continue;
    }
    let from = 0;
    for (const [part, rows] of split) {
      const name = `${layer}${part}.${kind}`;
      tensors.set(name, { ...info, name, shape: [rows, ...info.shape.slice(1)] });
      slices.set(name, { fused: info.name, from });
      from += rows;
    }
    if (info.shape[0] !== from) {
      const expected = [from, ...info.shape.slice(1)].join(', ');
      throw new UserError(
        `${info.name}: expected [${expected}], found [${info.shape.join(', ')}] in ${source.name}`,
      );
    }
  }
  if (slices.size === 0) return source;
  return {
    name: source.name,
    tensors,
    read(name, start = 0, end = tensors.get(name)?.shape[0] ?? 1) {
      const slice = slices.get(name);
      return slice
        ? source.read(slice.fused, slice.from + start, slice.from + end)
        : source.read(name, start, end);
    },
    close: () => source.close(),
  };
}

/** The parts of each fused module in the order of its rows, each with its number of rows. */
function partsOf({ heads, kvHeads, headDim, intermediateSize }: DecoderConfig) {
  return new Map<string, readonly (readonly [part: string, rows: number])[]>([
    [
      'self_attn.qkv_proj',
      [
        ['self_attn.q_proj', heads * headDim],
        ['self_attn.k_proj', kvHeads * headDim],
        ['self_attn.v_proj', kvHeads * headDim],
      ],
    ],
    [
      'mlp.gate_up_proj',
      [
        ['mlp.gate_proj', intermediateSize],
        ['mlp.up_proj', intermediateSize],
      ],
    ],
  ]);
}
