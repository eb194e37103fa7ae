// A packed batch as ONNX Runtime takes it.

import { Tensor } from 'onnxruntime-node';
import type { PackedBatch } from './batch.js';

/** Those of the graph's inputs that `names` names: a graph has the inputs that it reads. */
export function batchFeeds(packed: PackedBatch, names: readonly string[]): Record<string, Tensor> {
  const { tokens, batch, length, reads } = packed;
  const feeds: Record<string, Tensor> = {
    input_ids: new Tensor('int64', packed.input_ids, [tokens]),
    positions: new Tensor('int64', packed.positions, [tokens]),
    grid_rows: new Tensor('int64', packed.grid_rows, [batch, length]),
    row_slots: new Tensor('int64', packed.row_slots, [tokens]),
    lengths: new Tensor('int64', packed.lengths, [batch]),
    head_rows: new Tensor('int64', packed.head_rows, [reads]),
    sequence_ids: new Tensor('int64', packed.sequence_ids, [tokens]),
  };
  return Object.fromEntries(names.flatMap(name => (feeds[name] ? [[name, feeds[name]]] : [])));
}
