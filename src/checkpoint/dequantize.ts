// Stored number formats decoded to float32: plain floats, and ggml's block-quantised types.
// Block layouts: https://github.com/ggml-org/ggml/blob/master/src/ggml-common.h (block_q4_0 and on). All little-endian.

export interface BlockType {
  /** Weights in one block; blocks never cross a row. */
  readonly elements: number;
  /** Bytes of one block. */
  readonly bytes: number;
  /** Decodes whole blocks into `out`, which has room for `elements` values for every `bytes` bytes. */
  readonly decode: (bytes: Uint8Array, out: Float32Array) => void;
}

/** Every type that can be read, by its name in ggml. */
export const BLOCK_TYPES: ReadonlyMap<string, BlockType> = new Map([
  ['F32', { elements: 1, bytes: 4, decode: decodeF32 }],
  ['F16', { elements: 1, bytes: 2, decode: decodeF16 }],
  ['BF16', { elements: 1, bytes: 2, decode: decodeBf16 }],
  ['Q4_0', { elements: 32, bytes: 18, decode: decodeQ4_0 }],
  ['Q4_1', { elements: 32, bytes: 20, decode: decodeQ4_1 }],
  ['Q5_0', { elements: 32, bytes: 22, decode: decodeQ5_0 }],
  ['Q5_1', { elements: 32, bytes: 24, decode: decodeQ5_1 }],
  ['Q8_0', { elements: 32, bytes: 34, decode: decodeQ8_0 }],
  ['Q4_K', { elements: 256, bytes: 144, decode: decodeQ4_K }],
  ['Q5_K', { elements: 256, bytes: 176, decode: decodeQ5_K }],
  ['Q6_K', { elements: 256, bytes: 210, decode: decodeQ6_K }],
]);

/** `bytes` may start at any address, because it is copied byte by byte into `out`. */
export function decodeF32(bytes: Uint8Array, out: Float32Array): void {
  new Uint8Array(out.buffer, out.byteOffset, out.byteLength).set(bytes);
}

export function decodeF16(bytes: Uint8Array, out: Float32Array): void {
  const table = new Uint32Array(halves().buffer);
  // Bits are copied instead of numbers, so that a NaN keeps its payload.
  const bits = new Uint32Array(out.buffer, out.byteOffset, out.length);
  const halfFloats = uint16s(bytes);
  for (let i = 0; i < bits.length; i++) bits[i] = table[halfFloats[i]!]!;
}

export function decodeBf16(bytes: Uint8Array, out: Float32Array): void {
  const bits = new Uint32Array(out.buffer, out.byteOffset, out.length);
  const stored = uint16s(bytes);
  for (let i = 0; i < bits.length; i++) bits[i] = stored[i]! << 16;
}

/** The same bytes as 16-bit numbers. They are copied where they do not start at an even address. */
function uint16s(bytes: Uint8Array): Uint16Array {
  const even = bytes.byteOffset % 2 === 0 ? bytes : bytes.slice();
  return new Uint16Array(even.buffer, even.byteOffset, even.length >> 1);
}

// The arithmetic below is in doubles, where it is exact: an f16 has 11 significant bits, a quant and its scale at most
// 11 more. A weight is rounded to float32 once, when it is stored, with the same result as ggml's float32 arithmetic.

/** f16 d, 16 bytes of nibbles (the low ones are the first 16 weights, the high ones the last 16). w = d (q - 8). */
function decodeQ4_0(bytes: Uint8Array, out: Float32Array): void {
  const half = halves();
  for (let at = 0, o = 0; o < out.length; at += 18, o += 32) {
    const d = half[uint16(bytes, at)]!;
    for (let i = 0; i < 16; i++) {
      const pair = bytes[at + 2 + i]!;
      out[o + i] = d * ((pair & 15) - 8);
      out[o + 16 + i] = d * ((pair >> 4) - 8);
    }
  }
}

/** f16 d, f16 m, 16 bytes of nibbles. w = d q + m. */
function decodeQ4_1(bytes: Uint8Array, out: Float32Array): void {
  const half = halves();
  for (let at = 0, o = 0; o < out.length; at += 20, o += 32) {
    const d = half[uint16(bytes, at)]!;
    const m = half[uint16(bytes, at + 2)]!;
    for (let i = 0; i < 16; i++) {
      const pair = bytes[at + 4 + i]!;
      out[o + i] = d * (pair & 15) + m;
      out[o + 16 + i] = d * (pair >> 4) + m;
    }
  }
}

/** f16 d, 32 fifth bits, 16 bytes of nibbles. w = d (q - 16). */
function decodeQ5_0(bytes: Uint8Array, out: Float32Array): void {
  const half = halves();
  for (let at = 0, o = 0; o < out.length; at += 22, o += 32) {
    const d = half[uint16(bytes, at)]!;
    const lowHigh = uint16(bytes, at + 2);
    const highHigh = uint16(bytes, at + 4);
    for (let i = 0; i < 16; i++) {
      const pair = bytes[at + 6 + i]!;
      out[o + i] = d * (((pair & 15) | (((lowHigh >> i) & 1) << 4)) - 16);
      out[o + 16 + i] = d * (((pair >> 4) | (((highHigh >> i) & 1) << 4)) - 16);
    }
  }
}

/** f16 d, f16 m, 32 fifth bits, 16 bytes of nibbles. w = d q + m. */
function decodeQ5_1(bytes: Uint8Array, out: Float32Array): void {
  const half = halves();
  for (let at = 0, o = 0; o < out.length; at += 24, o += 32) {
    const d = half[uint16(bytes, at)]!;
    const m = half[uint16(bytes, at + 2)]!;
    const lowHigh = uint16(bytes, at + 4);
    const highHigh = uint16(bytes, at + 6);
    for (let i = 0; i < 16; i++) {
      const pair = bytes[at + 8 + i]!;
      out[o + i] = d * ((pair & 15) | (((lowHigh >> i) & 1) << 4)) + m;
      out[o + 16 + i] = d * ((pair >> 4) | (((highHigh >> i) & 1) << 4)) + m;
    }
  }
}

/** f16 d, 32 int8. w = d q. */
function decodeQ8_0(bytes: Uint8Array, out: Float32Array): void {
  const half = halves();
  for (let at = 0, o = 0; o < out.length; at += 34, o += 32) {
    const d = half[uint16(bytes, at)]!;
    for (let i = 0; i < 32; i++) out[o + i] = d * int8(bytes[at + 2 + i]!);
  }
}

/** f16 d, f16 dmin, 8 six-bit scales and minima, 128 bytes of nibbles. w = d scale q - dmin minimum. */
function decodeQ4_K(bytes: Uint8Array, out: Float32Array): void {
  const half = halves();
  for (let at = 0, o = 0; o < out.length; at += 144, o += 256) {
    const d = half[uint16(bytes, at)]!;
    const dmin = half[uint16(bytes, at + 2)]!;
    for (let group = 0; group < 8; group++) {
      const scale = d * groupScale(bytes, at + 4, group);
      const minimum = dmin * groupMinimum(bytes, at + 4, group);
      // Two groups of 32 weights share 32 bytes. The even group has the low nibbles.
      const quants = at + 16 + 32 * (group >> 1);
      const shift = 4 * (group & 1);
      const to = o + 32 * group;
      for (let i = 0; i < 32; i++) out[to + i] = scale * ((bytes[quants + i]! >> shift) & 15) - minimum;
    }
  }
}

/** Like Q4_K, with 32 bytes of fifth bits before the nibbles: bit g of byte i belongs to weight i of group g. */
function decodeQ5_K(bytes: Uint8Array, out: Float32Array): void {
  const half = halves();
  for (let at = 0, o = 0; o < out.length; at += 176, o += 256) {
    const d = half[uint16(bytes, at)]!;
    const dmin = half[uint16(bytes, at + 2)]!;
    for (let group = 0; group < 8; group++) {
      const scale = d * groupScale(bytes, at + 4, group);
      const minimum = dmin * groupMinimum(bytes, at + 4, group);
      const fifths = at + 16;
      const quants = at + 48 + 32 * (group >> 1);
      const shift = 4 * (group & 1);
      const to = o + 32 * group;
      for (let i = 0; i < 32; i++) {
        const q = ((bytes[quants + i]! >> shift) & 15) | (((bytes[fifths + i]! >> group) & 1) << 4);
        out[to + i] = scale * q - minimum;
      }
    }
  }
}

/** 128 bytes of low nibbles, 64 of high bit pairs, 16 int8 scales, f16 d. w = d scale (q - 32). */
function decodeQ6_K(bytes: Uint8Array, out: Float32Array): void {
  const half = halves();
  for (let at = 0, o = 0; o < out.length; at += 210, o += 256) {
    const d = half[uint16(bytes, at + 208)]!;
    for (let group = 0; group < 8; group++) {
      // Each half of the block holds 4 groups of 32 weights in 64 bytes of nibbles and 32 bytes of bit pairs.
      const side = group >> 2;
      const quarter = group & 3;
      const lows = at + 64 * side + 32 * (quarter & 1);
      const lowShift = 4 * (quarter >> 1);
      const highs = at + 128 + 32 * side;
      const highShift = 2 * quarter;
      const scales = at + 192 + 2 * group;
      const to = o + 32 * group;
      for (let i = 0; i < 32; i++) {
        const q = ((bytes[lows + i]! >> lowShift) & 15) | (((bytes[highs + i]! >> highShift) & 3) << 4);
        out[to + i] = d * int8(bytes[scales + (i >> 4)]!) * (q - 32);
      }
    }
  }
}

/**
 * The six-bit scale of a group, out of the 12 packed bytes at `at`. Those of groups 0-3 are the low six bits of bytes
 * 0-3. Those of groups 4-7 are split: four bits are the low nibbles of bytes 8-11, two the high bits of bytes 0-3.
 */
function groupScale(bytes: Uint8Array, at: number, group: number): number {
  if (group < 4) return bytes[at + group]! & 63;
  return (bytes[at + group + 4]! & 15) | ((bytes[at + group - 4]! >> 6) << 4);
}

/** The six-bit minimum of a group, packed like the scales, in bytes 4-7 and the high nibbles of bytes 8-11. */
function groupMinimum(bytes: Uint8Array, at: number, group: number): number {
  if (group < 4) return bytes[at + group + 4]! & 63;
  return (bytes[at + group + 4]! >> 4) | ((bytes[at + group]! >> 6) << 4);
}

function uint16(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8);
}

function int8(byte: number): number {
  return (byte << 24) >> 24;
}

let halfTable: Float32Array | undefined;

/** The float32 value of each of the 65536 IEEE half-precision floats, by its bits. */
function halves(): Float32Array {
  halfTable ??= makeHalfTable();
  return halfTable;
}

function makeHalfTable(): Float32Array {
  const values = new Float32Array(65536);
  const bits = new Uint32Array(values.buffer);
  for (let half = 0; half < 65536; half++) {
    const sign = (half & 0x8000) << 16;
    const exponent = (half >> 10) & 31;
    const mantissa = half & 1023;
    if (exponent === 0) {
      values[half] = mantissa * 2 ** -24; // Zero and subnormals.
      bits[half]! |= sign;
    } else {
      const wide = exponent === 31 ? 255 : exponent + 127 - 15; // 31 marks infinity and NaN, as 255 does in float32.
      bits[half] = sign | (wide << 23) | (mantissa << 13);
    }
  }
  return values;
}
