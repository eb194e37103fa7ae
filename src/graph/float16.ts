// float32 to float16 (IEEE 754 binary16), rounded to nearest, ties to even.

/** The bits of each value. What is too large becomes infinite, as it does in PyTorch. */
export function toFloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) {
    const word = bits[i]!;
    const sign = (word >>> 16) & 0x8000;
    const magnitude = word & 0x7fffffff;
    if (magnitude >= SMALLEST_NORMAL && magnitude < OVERFLOWS) {
      // rebias the exponent from 127 to 15; half a unit in the last place, or just below it, rounds to even
      halves[i] = sign | ((magnitude - REBIAS + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
    } else if (magnitude < SMALLEST_NORMAL) {
      halves[i] = sign | subnormal(magnitude);
    } else {
      halves[i] = sign | (magnitude > INFINITE ? 0x7e00 : 0x7c00);
    }
  }
  return halves;
}

// Bits of float32s: 2^-14, 65520 (halfway to what would be the next half), infinity.
const SMALLEST_NORMAL = 0x38800000;
const OVERFLOWS = 0x477ff000;
const INFINITE = 0x7f800000;
const REBIAS = (127 - 15) << 23;

const float = new Float32Array(1);
const word = new Uint32Array(float.buffer);

/** Below 2^-14 a half counts in steps of 2^-24: adding 0.5 makes the float32 unit round to the same step. */
function subnormal(magnitude: number): number {
  word[0] = magnitude;
  float[0] = float[0]! + 0.5;
  return word[0]! - 0x3f000000;
}
