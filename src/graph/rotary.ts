// Rotary positions (https://arxiv.org/abs/2104.09864) as tables of cos and sin, one row a position.

import type { Rotary } from '../checkpoint/rotary.js';
import type { Graph, Value } from './graph.js';
import type { BatchInputs } from './inputs.js';
import type { Precision } from './precision.js';

export type Rotate = (x: Value, heads: number) => Value;

/** Rotates each row by its position: [tokens, heads * headDim] in and out. `name` keeps several tables apart. */
export function rotation(
  graph: Graph,
  precision: Precision,
  name: string,
  rotary: Rotary,
  batch: BatchInputs,
  maxLength: number,
): Rotate {
  const hasLong = rotary.long !== undefined && rotary.long.above < maxLength;
  const axis = graph.constant(`${name}.axis`, [1], BigInt64Array.of(1n));
  const rows = hasLong ? longPositions(graph, name, rotary.long.above, batch, maxLength) : batch.positions;
  const positions = graph.node(`${name}.positions`, 'Unsqueeze', [rows, axis]);
  const table = (part: 'cos' | 'sin') =>
    graph.weight(
      `${name}.${part}`,
      [hasLong ? 2 * maxLength : maxLength, rotary.dimensions / 2],
      precision.inner,
      async (start, end) => tableRows(rotary, Math[part], maxLength, start, end),
    );
  const cos = table('cos');
  const sin = table('sin');
  return (x, heads) => {
    // RotaryEmbedding takes [batch, length, width], no longer than its tables: each row stands as a sequence of one.
    const sequences = graph.node(`${x}.sequences`, 'Unsqueeze', [x, axis]);
    const rotated = graph.node(`${x}.rotated`, 'RotaryEmbedding', [sequences, cos, sin, positions], {
      num_heads: heads,
      rotary_embedding_dim: rotary.dimensions,
    });
    return graph.node(`${x}.rows`, 'Squeeze', [rotated, axis]);
  };
}

/** Rows `start` to `end` of a table; those from `maxLength` on are of the frequencies for long sequences. */
function tableRows(
  { dimensions, frequencies, long, scale }: Rotary,
  part: (angle: number) => number,
  maxLength: number,
  start: number,
  end: number,
): Float32Array {
  const half = dimensions / 2;
  const rows = new Float32Array((end - start) * half);
  for (let row = start; row < end; row++) {
    const position = row % maxLength;
    const used = row < maxLength ? frequencies : long!.frequencies;
    for (let i = 0; i < half; i++) {
      // transformers computes the angle in float32, and its rounding shows at far positions
      const angle = Math.fround(position * used[i]!);
      rows[(row - start) * half + i] = Math.fround(part(angle)) * scale;
    }
  }
  return rows;
}

/** Positions, moved into the second half of the tables for rows of sequences of more than `above` tokens. */
function longPositions(
  graph: Graph,
  name: string,
  above: number,
  batch: BatchInputs,
  maxLength: number,
): Value {
  const scalar = (what: string, value: number) =>
    graph.constant(`${name}.${what}`, [], BigInt64Array.of(BigInt(value)));
  // the grid's width counts the slots of one sequence
  const width = graph.node(`${name}.grid_width`, 'Shape', [batch.gridRows], { start: 1, end: 2 });
  const sequence = graph.node(`${name}.sequence`, 'Div', [batch.rowSlots, width]);
  const length = graph.node(`${name}.length`, 'Gather', [batch.lengths, sequence], { axis: 0 });
  const isLong = graph.node(`${name}.is_long`, 'Greater', [length, scalar('above', above)]);
  const shift = graph.node(`${name}.shift`, 'Where', [
    isLong,
    scalar('shift_long', maxLength),
    scalar('shift_short', 0),
  ]);
  return graph.node(`${name}.shifted`, 'Add', [batch.positions, shift]);
}
