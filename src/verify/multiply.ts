// A linear layer whose weight streams from the checkpoint a piece at a time. Each piece is multiplied with the tokens of
// all sequences while it is in memory.

import { rowWidth, type TensorSource } from '../checkpoint/tensors.js';
import { giveBack } from '../kernels/buffers.js';
import type { Rows } from './steps.js';

/** The number of values of a weight that are in memory at a time. */
const PIECE_VALUES = 1 << 20;

/** x [tokens, in] times a weight [out, in] transposed, plus a bias: [tokens, out]. */
export async function multiply(
  weights: TensorSource,
  x: Rows,
  weight: string,
  bias: string | undefined,
): Promise<Rows> {
  const { shape } = weights.tensors.get(weight)!;
  const out = shape[0]!;
  const step = Math.max(1, Math.floor(PIECE_VALUES / rowWidth(shape)));
  const product = x.map(() => new Float32Array(out));
  for (let start = 0; start < out; start += step) {
    const piece = await weights.read(weight, start, Math.min(start + step, out));
    multiplyPiece(piece, x, product, start);
    giveBack(piece);
  }
  if (bias === undefined) return product;
  const added = await weights.read(bias);
  return product.map(row => row.map((value, i) => value + added[i]!));
}

/**
 * Sets product[token][start + r] to the dot product of the piece's row r and x[token]. It works on two rows and four
 * tokens at a time, so that each value read is used more than once and eight independent sums overlap. Where fewer rows
 * or tokens are left, the last one is computed again.
 */
function multiplyPiece(piece: Float32Array, x: Rows, product: Rows, start: number): void {
  const width = x[0]!.length;
  const lastRow = piece.length / width - 1;
  const lastToken = x.length - 1;
  for (let r0 = 0; r0 <= lastRow; r0 += 2) {
    const r1 = Math.min(r0 + 1, lastRow);
    const a = piece.subarray(r0 * width, (r0 + 1) * width);
    const b = piece.subarray(r1 * width, (r1 + 1) * width);
    for (let t0 = 0; t0 <= lastToken; t0 += 4) {
      const t1 = Math.min(t0 + 1, lastToken);
      const t2 = Math.min(t0 + 2, lastToken);
      const t3 = Math.min(t0 + 3, lastToken);
      const sums = dotProducts(a, b, x[t0]!, x[t1]!, x[t2]!, x[t3]!);
      [t0, t1, t2, t3].forEach((token, i) => {
        product[token]![start + r0] = sums[i]!;
        product[token]![start + r1] = sums[i + 4]!;
      });
    }
  }
}

/** The dot products of a with x0 to x3, then of b with x0 to x3, in double precision. */
function dotProducts(
  a: Float32Array,
  b: Float32Array,
  x0: Float32Array,
  x1: Float32Array,
  x2: Float32Array,
  x3: Float32Array,
): number[] {
  let a0 = 0;
  let a1 = 0;
  let a2 = 0;
  let a3 = 0;
  let b0 = 0;
  let b1 = 0;
  let b2 = 0;
  let b3 = 0;
  for (let i = 0; i < a.length; i++) {
    const ai = a[i]!;
    const bi = b[i]!;
    // Local variables: each read from an array would be checked against its bounds again.
    const x0i = x0[i]!;
    const x1i = x1[i]!;
    const x2i = x2[i]!;
    const x3i = x3[i]!;
    a0 += ai * x0i;
    a1 += ai * x1i;
    a2 += ai * x2i;
    a3 += ai * x3i;
    b0 += bi * x0i;
    b1 += bi * x1i;
    b2 += bi * x2i;
    b3 += bi * x3i;
  }
  return [a0, a1, a2, a3, b0, b1, b2, b3];
}
