// The merge of a low-rank update into a weight.

import { kernel, matrixInput, scalarInput, Tensor } from './kernel.js';

const merge = kernel('float32', graph => {
  const weight = matrixInput(graph, 'weight');
  const product = graph.node('product', 'MatMul', [matrixInput(graph, 'b'), matrixInput(graph, 'a')]);
  const scaled = graph.node('scaled', 'Mul', [product, scalarInput(graph, 'scale')]);
  return graph.node('merged', 'Add', [weight, scaled]);
});

/**
 * Adds scale * (b [rows, rank] a [rank, width]) to weight [rows, width], in place. The result is rounded to float32
 * where PEFT rounds: after the product, after the scale and after the sum. Rounding once would be closer to exact
 * arithmetic, but further from PEFT.
 */
export async function addLowRank(
  weight: Float32Array,
  b: Float32Array,
  a: Float32Array,
  rank: number,
  scale: number,
): Promise<void> {
  const rows = b.length / rank;
  const width = a.length / rank;
  // The last operator reads and writes each value at its own place, so input and output may share their memory.
  const merged = new Tensor('float32', weight, [rows, width]);
  const inputs = {
    weight: merged,
    b: new Tensor('float32', b, [rows, rank]),
    a: new Tensor('float32', a, [rank, width]),
    scale: new Tensor('float32', Float32Array.of(scale), []),
  };
  await merge(inputs, merged);
}
