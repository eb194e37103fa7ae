// Rotary position embeddings, from tables of cosines and sines with a row for each position.
// https://arxiv.org/abs/2104.09864

import type { Rotary } from '../checkpoint/rotary.js';
import type { GraphContext } from './context.js';
import type { Value } from './graph.js';
import { applyScale, type ScaledRows } from './precision.js';

/** Rotates values [batch, length, heads * headDim], whose scale is [batch, length, 1], by their positions. */
export type Rotate = (x: ScaledRows, heads: number) => Value;

/** The rotation of a batch's grid. `name` keeps the tables of several rotations in one graph apart. */
export function rotation(context: GraphContext, name: string, rotary: Rotary): Rotate {
  const { graph, precision, batch } = context;
  const { headDim } = context.config;
  const { maxLength } = context.options;
  const hasLong = rotary.long !== undefined && rotary.long.above < maxLength;
  const tableRow = hasLong ? longTableRows(context, name, rotary.long.above) : batch.positions;
  /** The table's row for each slot of the grid: [batch, length, dimensions / 2]. */
  const gridOf = (part: 'cos' | 'sin') => {
    const table = graph.weight(
      `${name}.${part}`,
      [hasLong ? 2 * maxLength : maxLength, rotary.dimensions / 2],
      precision.inner,
      async (start, end) => tableValues(rotary, Math[part], maxLength, start, end),
    );
    const rows = graph.node(`${name}.${part}.rows`, 'Gather', [table, tableRow], { axis: 0 });
    return graph.node(`${name}.${part}.grid`, 'Gather', [rows, batch.gridRows], { axis: 0 });
  };
  const cos = gridOf('cos');
  const sin = gridOf('sin');
  const scaledTables = new Map<Value, readonly [cos: Value, sin: Value]>();
  return (grid, heads) => {
    // Where only a part of each head is rotated, the tables cannot scale the rest of it.
    const { values, scale } =
      rotary.dimensions === headDim ? grid : { values: applyScale(graph, grid), scale: undefined };
    return graph.node(`${values}.rotated`, 'RotaryEmbedding', [values, ...tablesAt(scale)], {
      num_heads: heads,
      rotary_embedding_dim: rotary.dimensions,
      ...(rotary.pairs === 'neighbours' && { interleaved: 1 }),
    });
  };

  /** Rotation is linear in its tables, so multiplying the tables by a slot's scale scales the result. */
  function tablesAt(scale: Value | undefined): readonly [cos: Value, sin: Value] {
    if (scale === undefined) return [cos, sin];
    const known = scaledTables.get(scale);
    if (known) return known;
    const tables = [
      graph.node(`${scale}.cos`, 'Mul', [cos, scale]),
      graph.node(`${scale}.sin`, 'Mul', [sin, scale]),
    ] as const;
    scaledTables.set(scale, tables);
    return tables;
  }
}

/** Rows `start` to `end` of a table. Rows from `maxLength` on have the frequencies for long sequences. */
function tableValues(
  { dimensions, frequencies, long, scale }: Rotary,
  part: (angle: number) => number,
  maxLength: number,
  start: number,
  end: number,
): Float32Array {
  const half = dimensions / 2;
  const values = new Float32Array((end - start) * half);
  for (let row = start; row < end; row++) {
    const position = row % maxLength;
    const used = row < maxLength ? frequencies : long!.frequencies;
    for (let i = 0; i < half; i++) {
      // transformers computes the angle in float32, and its rounding shows at high positions.
      const angle = Math.fround(position * used[i]!);
      values[(row - start) * half + i] = Math.fround(part(angle)) * scale;
    }
  }
  return values;
}

/** The table's row for each row of the batch: its position, in the table's second half where its sequence is long. */
function longTableRows({ graph, batch, options }: GraphContext, name: string, above: number): Value {
  const scalar = (what: string, value: number) =>
    graph.constant(`${name}.${what}`, [], BigInt64Array.of(BigInt(value)));
  // The width of the grid is the number of slots of one sequence.
  const width = graph.node(`${name}.grid_width`, 'Shape', [batch.gridRows], { start: 1, end: 2 });
  const sequence = graph.node(`${name}.sequence`, 'Div', [batch.rowSlots, width]);
  const length = graph.node(`${name}.length`, 'Gather', [batch.lengths, sequence], { axis: 0 });
  const isLong = graph.node(`${name}.is_long`, 'Greater', [length, scalar('above', above)]);
  const shift = graph.node(`${name}.shift`, 'Where', [
    isLong,
    scalar('shift_long', options.maxLength),
    scalar('shift_short', 0),
  ]);
  return graph.node(`${name}.table_row`, 'Add', [batch.positions, shift]);
}
