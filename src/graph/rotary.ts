// Rotary positions (https://arxiv.org/abs/2104.09864) as tables of cos and sin, one row a position.

import type { Rotary } from '../checkpoint/rotary.js';
import type { Graph, Value } from './graph.js';
import type { BatchInputs } from './inputs.js';
import { type Precision, type ScaledRows, settled } from './precision.js';

/** Of values [batch, length, heads * headDim], and steps [batch, length, 1] where there are any: as the values. */
export type Rotate = (x: ScaledRows, heads: number) => Value;

/** Rotates what stands in the grid of a batch by its position. `name` keeps several tables apart. */
export function rotation(
  graph: Graph,
  precision: Precision,
  name: string,
  rotary: Rotary,
  headDim: number,
  batch: BatchInputs,
  maxLength: number,
): Rotate {
  const hasLong = rotary.long !== undefined && rotary.long.above < maxLength;
  const positions = hasLong
    ? longPositions(graph, name, rotary.long.above, batch, maxLength)
    : batch.positions;
  /** Each slot's own line of a table: [batch, length, dimensions / 2]. */
  const linesOf = (part: 'cos' | 'sin') => {
    const table = graph.weight(
      `${name}.${part}`,
      [hasLong ? 2 * maxLength : maxLength, rotary.dimensions / 2],
      precision.inner,
      async (start, end) => tableRows(rotary, Math[part], maxLength, start, end),
    );
    const rows = graph.node(`${name}.${part}.rows`, 'Gather', [table, positions], { axis: 0 });
    return graph.node(`${name}.${part}.grid`, 'Gather', [rows, batch.gridRows], { axis: 0 });
  };
  const cos = linesOf('cos');
  const sin = linesOf('sin');
  const scaled = new Map<Value, readonly [cos: Value, sin: Value]>();
  return (grid, heads) => {
    // of a head that is rotated in part, the tables do not reach the rest
    const { values: x, steps } = rotary.dimensions === headDim ? grid : { values: settled(graph, grid) };
    return graph.node(`${x}.rotated`, 'RotaryEmbedding', [x, ...tablesFor(steps)], {
      num_heads: heads,
      rotary_embedding_dim: rotary.dimensions,
    });
  };

  /** Rotating is linear: the tables take up a slot's step. */
  function tablesFor(steps: Value | undefined): readonly [cos: Value, sin: Value] {
    if (steps === undefined) return [cos, sin];
    const known = scaled.get(steps);
    if (known) return known;
    const tables = [
      graph.node(`${steps}.cos`, 'Mul', [cos, steps]),
      graph.node(`${steps}.sin`, 'Mul', [sin, steps]),
    ] as const;
    scaled.set(steps, tables);
    return tables;
  }
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
