// Attention within each sequence, over a grid [batch, length] of the batch's rows.

import type { Rotary } from '../checkpoint/rotary.js';
import { pastNamesOf } from '../onnx/contract.js';
import type { GraphContext } from './context.js';
import type { Attribute, Graph, Value } from './graph.js';
import type { BatchInputs } from './inputs.js';
import { applyScale, type ScaledRows } from './precision.js';
import { type Rotate, rotation } from './rotary.js';

/**
 * Attention of decoder layer `layer`, whose module is `at`, over queries, keys and values [tokens, heads * headDim].
 * Keys and values have kvHeads heads. Returns [tokens, heads * headDim].
 */
export type Attend = (layer: number, at: string, q: ScaledRows, k: ScaledRows, v: Value) => Value;

/**
 * Adds the tables and masks that all layers share to the graph. Returns the function that adds attention to a layer.
 */
export function attention(context: GraphContext): Attend {
  const { graph, config, batch } = context;
  const { bidirectionalFrom, maxLength, keepsPast = false } = context.options;
  /** The shape that flattens the grid: [batch, length, heads * headDim] to [batch * length, heads * headDim]. */
  const slotsShape = graph.constant(
    'slots_shape',
    [2],
    BigInt64Array.of(-1n, BigInt(config.heads * config.headDim)),
  );
  const rotations = new Map<Rotary, Rotate>();
  for (const rotary of config.rotaries) {
    const name = rotations.size === 0 ? 'rotary' : `rotary_${rotations.size}`;
    if (rotary && !rotations.has(rotary)) {
      rotations.set(rotary, rotation(context, name, rotary));
    }
  }
  const withoutRotation: Rotate = grid => applyScale(graph, grid);
  const windowMasks = new Map<number, Value>();
  const windowMask = (window: number) => {
    const mask = windowMasks.get(window) ?? slidingWindow(graph, batch, window);
    windowMasks.set(window, mask);
    return mask;
  };

  return (layer, at, q, k, v) => {
    const rotary = config.rotaries[layer];
    const rotate = rotary ? rotations.get(rotary)! : withoutRotation;
    const toGrid = (x: Value) => graph.node(`${x}.grid`, 'Gather', [x, batch.gridRows], { axis: 0 });
    // Queries and keys are computed from the same rows, so they have the same row scale.
    const scale = q.scale === undefined ? {} : { scale: toGrid(q.scale) };
    const attended = attendGrid(layer, at, [
      rotate({ values: toGrid(q.values), ...scale }, config.heads),
      rotate({ values: toGrid(k.values), ...scale }, config.kvHeads),
      toGrid(v),
    ]);
    const slots = graph.node(`${at}.slots`, 'Reshape', [attended, slotsShape]);
    return graph.node(`${at}.rows`, 'Gather', [slots, batch.rowSlots], { axis: 0 });
  };

  function attendGrid(layer: number, at: string, grids: readonly Value[]): Value {
    const attributes: Record<string, Attribute> = {
      q_num_heads: config.heads,
      kv_num_heads: config.kvHeads,
      scale: { float: config.attentionScale },
      ...(config.attentionSoftCap !== undefined && { softcap: { float: config.attentionSoftCap } }),
    };
    const node = (inputs: readonly Value[], more = {}, outputs: readonly Value[] = []) =>
      graph.node(`${at}.attention`, 'Attention', inputs, { ...attributes, ...more }, outputs);
    if (layer >= bidirectionalFrom) return node([...grids, '', '', '', batch.lengths]);
    // Padding comes after a sequence's own tokens, so the causal mask hides it already.
    const window = config.windows[layer];
    if (window !== undefined && window < maxLength) return node([...grids, windowMask(window)]);
    if (!keepsPast) return node(grids, { is_causal: 1 });
    const names = pastNamesOf(layer);
    const shape = (tokens: string) => ['batch', config.kvHeads, tokens, config.headDim];
    const pasts = names.map(({ past }) => graph.input(past, 'float32', shape('past')));
    const presents = names.map(({ present }) => present);
    const attended = node([...grids, '', ...pasts], { is_causal: 1 }, presents);
    for (const present of presents) graph.output(present, 'float32', shape('past_and_own'));
    return attended;
  }
}

/** The mask of a sliding window: a query sees its own token and the window - 1 tokens before it. Bools [length, length]. */
function slidingWindow(graph: Graph, batch: BatchInputs, window: number): Value {
  const name = `window_${window}`;
  const scalar = (what: string, value: number) =>
    graph.constant(`${name}.${what}`, [], BigInt64Array.of(BigInt(value)));
  const zero = scalar('zero', 0);
  const shape = graph.node(`${name}.grid`, 'Shape', [batch.gridRows]);
  const length = graph.node(`${name}.length`, 'Gather', [shape, scalar('axis', 1)], { axis: 0 });
  const keys = graph.node(`${name}.keys`, 'Range', [zero, length, scalar('one', 1)]);
  const last = graph.constant(`${name}.last_axis`, [1], BigInt64Array.of(1n));
  const queries = graph.node(`${name}.queries`, 'Unsqueeze', [keys, last]);
  const behind = graph.node(`${name}.behind`, 'Sub', [queries, keys]);
  const isPast = graph.node(`${name}.is_past`, 'GreaterOrEqual', [behind, zero]);
  const isNear = graph.node(`${name}.is_near`, 'Less', [behind, scalar('size', window)]);
  return graph.node(`${name}.mask`, 'And', [isPast, isNear]);
}
