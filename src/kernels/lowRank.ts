// The merge of a low-rank update.

import { DataType, kernel, Tensor } from './kernel.js';

const merge = kernel({
  inputs: ['weight', 'b', 'a', 'scale'],
  scalars: ['scale'],
  nodes: [
    { opType: 'MatMul', inputs: ['b', 'a'], output: 'product' },
    { opType: 'Mul', inputs: ['product', 'scale'], output: 'scaled' },
    { opType: 'Add', inputs: ['weight', 'scaled'], output: 'merged' },
  ],
  output: 'merged',
  outputType: DataType.FLOAT,
});

/**
 * Adds scale * (b [rows, rank] a [rank, width]) to weight [rows, width], in place, rounded to float32 where PEFT rounds:
 * after the product, after the scale and after the sum. (Rounding once would be closer to exact, and further from PEFT.)
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
  // the last node reads and writes each value at its own place, so that input and output may be the same memory
  const merged = new Tensor('float32', weight, [rows, width]);
  const inputs = {
    weight: merged,
    b: new Tensor('float32', b, [rows, rank]),
    a: new Tensor('float32', a, [rank, width]),
    scale: new Tensor('float32', Float32Array.of(scale), []),
  };
  await merge(inputs, merged);
}
