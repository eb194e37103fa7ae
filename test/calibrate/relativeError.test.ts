// The error of a large weight is measured in blocks of rows, and is that of the whole.

import { expect, it } from 'vitest';
import { errorMeasure } from '../../dist/calibrate/relativeError.js';

const WIDTH = 64;
/** More values than one block has. */
const ROWS = 70_000;

const values = (length: number, seed: number) =>
  Float32Array.from({ length }, (_, i) => Math.sin(1 + i * seed) * (i % 97 === 0 ? 8 : 1));

it('is that of its rows, wherever they are divided', async () => {
  const x = values(5 * WIDTH, 0.7);
  const weight = values(ROWS * WIDTH, 1.3);
  const factors = values(WIDTH, 0.2).map(value => 1 + Math.abs(value));
  const parts = [0, 20_000, 20_001, ROWS].map(row => row * WIDTH);
  const divided = parts.slice(1).map((end, i) => weight.subarray(parts[i], end));
  for (const scale of [undefined, 0.05]) {
    const whole = await (await errorMeasure(x, [weight], WIDTH))(factors, scale);
    const inParts = await (await errorMeasure(x, divided, WIDTH))(factors, scale);
    expect(whole).toBeGreaterThan(1e-4);
    expect(inParts).toBeCloseTo(whole, 6);
  }
});
