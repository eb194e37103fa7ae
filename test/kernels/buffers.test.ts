// Buffers that are reused: an owner gives one back once, and the next owner of its size gets it.

import { expect, it } from 'vitest';
import { giveBack, takeBytes, takeFloat32 } from '../../dist/kernels/buffers.js';

it('reuses a buffer that was given back for the next array of about its size', () => {
  const values = takeFloat32(1000);
  giveBack(values);
  expect(takeBytes(3000).buffer).toBe(values.buffer);
});

it('refuses a buffer that was given back twice, as two owners would write over each other', () => {
  const values = takeFloat32(5000);
  giveBack(values);
  expect(() => giveBack(values)).toThrow('given back twice');
});
