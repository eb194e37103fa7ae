// Weights in 4 bits as bitsandbytes stores them in safetensors (NF4 and FP4), dequantised while they are read.
// Format: https://github.com/bitsandbytes-foundation/bitsandbytes/blob/main/bitsandbytes/functional.py (QuantState)

import { UserError } from '../errors.js';
import { giveBack, takeFloat32 } from '../kernels/buffers.js';
import { decodeF16, decodeF32 } from './dequantize.js';
import { Fields } from './fields.js';
import { parseJsonObject } from './files.js';
import type { SafetensorsSource } from './safetensors.js';
import { elementCount, rowWidth, type TensorInfo, type TensorSource } from './tensors.js';

/** A weight of 4 bits an element. An element is its block's scale times the value that its 4 bits stand for. */
interface PackedWeight extends TensorInfo {
  /** The elements that share a scale. They follow one another in memory, so a block may cross rows. */
  readonly blockSize: number;
  /** The type to which bitsandbytes rounds the elements: that of the weight before it was quantised. */
  readonly rounding: string;
  /** The scales of the blocks are in 8 bits (double quantisation) where this is given, else in float32. */
  readonly nested: NestedScales | undefined;
}

/** How the 8 bits of a scale are read: as values that have scales of their own, and an offset. */
interface NestedScales {
  readonly blockSize: number;
  readonly values: Float32Array;
  readonly scales: Float32Array;
  readonly offset: number;
}

const NF4 = [
  -1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635,
  -0.18477343022823334, -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725,
  0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0,
];
const FP4_MAGNITUDES = [0, 0.0625, 8, 12, 4, 6, 2, 3].map(value => value / 12);
const FP4 = [...FP4_MAGNITUDES, ...FP4_MAGNITUDES.map(value => -value)];

/** The values that 4 bits stand for, by the name of the type. */
const VALUES = new Map([
  ['NF4', Float32Array.from(NF4)],
  ['FP4', Float32Array.from(FP4)],
]);

/** Tables differ by no more than rounding between versions of bitsandbytes. */
const TABLE_TOLERANCE = 1e-6;

const STATE = /^(.+)\.quant_state\.bitsandbytes__(nf4|fp4)$/;
const COMPANION =
  /^(.+)\.(?:absmax|quant_map|nested_absmax|nested_quant_map|quant_state\.bitsandbytes__\w+)$/;
const BLOCK_SIZES = [32, 64, 128, 256, 512, 1024, 2048, 4096];

/** A state takes some 200 bytes. A damaged one must not make the export read more than this. */
const MAX_STATE_BYTES = 65_536;

/**
 * The same tensors with every 4-bit weight as one tensor of its own shape, whose type is NF4 or FP4. Other tensors stay
 * as they are. Throws UserError where what belongs to a 4-bit weight is missing or contradictory.
 */
export function dequantised(source: SafetensorsSource): TensorSource {
  const packed = new Map<string, PackedWeight>();
  for (const key of source.tensors.keys()) {
    const [, name, type] = STATE.exec(key) ?? [];
    if (!name || !type) continue;
    if (packed.has(name)) throw new UserError(`${source.name}: ${name}: expected one quant_state, found two`);
    packed.set(name, readState(source, name, key, type.toUpperCase()));
  }
  const tensors = new Map<string, TensorInfo>();
  for (const [name, info] of source.tensors) {
    const [, describedWeight] = COMPANION.exec(name) ?? [];
    // No weight is stored as plain bytes, so one of bytes is packed as well.
    const isPacked = info.dtype === 'U8' && name.endsWith('.weight');
    const owner = describedWeight ?? (isPacked ? name : undefined);
    if (owner !== undefined && !packed.has(owner)) {
      throw new UserError(
        `${source.name}: ${owner}: expected its ${owner}.quant_state.bitsandbytes__nf4 or __fp4, found only ${name}: ` +
          'the 4-bit weights cannot be read without it. Save the model again with a current bitsandbytes, or give the unquantised base',
      );
    }
    if (describedWeight === undefined) tensors.set(name, packed.get(name) ?? info);
  }
  return {
    name: source.name,
    tensors,
    async read(name, start, end) {
      const weight = packed.get(name);
      if (!weight) return source.read(name, start, end);
      const width = rowWidth(weight.shape);
      return readElements(source, weight, (start ?? 0) * width, (end ?? weight.shape[0]!) * width);
    },
    close: () => source.close(),
  };
}

/** Elements `from` to `to` of a weight, row by row. */
async function readElements(
  source: SafetensorsSource,
  weight: PackedWeight,
  from: number,
  to: number,
): Promise<Float32Array> {
  const { name, blockSize } = weight;
  const firstBlock = Math.floor(from / blockSize);
  const scales = await readScales(source, weight, firstBlock, Math.ceil(to / blockSize));
  const firstByte = Math.floor(from / 2);
  const bytes = await source.readBytes(name, firstByte, Math.ceil(to / 2));
  const values = VALUES.get(weight.dtype)!;
  const elements = takeFloat32(to - from);
  for (let block = 0, i = from; i < to; block++) {
    const scale = scales[block]!;
    const blockEnd = Math.min((firstBlock + block + 1) * blockSize, to);
    for (; i < blockEnd; i++) {
      const pair = bytes[Math.floor(i / 2) - firstByte]!;
      // The high bits are the first element of a pair.
      elements[i - from] = values[i % 2 === 0 ? pair >> 4 : pair & 15]! * scale;
    }
  }
  giveBack(bytes);
  await round(elements, weight.rounding);
  return elements;
}

/** The scales of blocks `start` to `end`. */
async function readScales(
  source: SafetensorsSource,
  { name, nested }: PackedWeight,
  start: number,
  end: number,
): Promise<Float32Array> {
  const absmax = `${name}.absmax`;
  if (!nested) return source.read(absmax, start, end);
  const bytes = await source.readBytes(absmax, start, end);
  const scales = new Float32Array(end - start);
  for (let i = 0; i < scales.length; i++) {
    const scale = nested.scales[Math.floor((start + i) / nested.blockSize)]!;
    // bitsandbytes rounds the product and the sum to float32, each for itself.
    scales[i] = Math.fround(nested.values[bytes[i]!]! * scale) + nested.offset;
  }
  giveBack(bytes);
  return scales;
}

/** Rounds float32 values in place to the type of the name, to nearest, ties to even. */
async function round(values: Float32Array, type: string): Promise<void> {
  if (type === 'float16') {
    // This loads ONNX Runtime, which the HTTP process never does: it opens bases, but reads none of their values.
    const { toFloat16 } = await import('../kernels/float16.js');
    const halves = await toFloat16(values);
    decodeF16(halves, values);
    giveBack(halves);
  } else if (type === 'bfloat16') {
    const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
    for (let i = 0; i < bits.length; i++) {
      const tie = (bits[i]! >>> 16) & 1;
      bits[i] = (bits[i]! + 0x7fff + tie) & 0xffff0000;
    }
  }
}

/** Reads what describes a 4-bit weight, and checks the sizes of all tensors that belong to it. */
function readState(source: SafetensorsSource, name: string, key: string, type: string): PackedWeight {
  const bad = (what: string, expected: string, found: unknown) =>
    new UserError(`${source.name}: ${what}: expected ${expected}, found ${found}`);
  const state = source.tensors.get(key)!;
  if (state.dtype !== 'U8' || state.end - state.offset > MAX_STATE_BYTES) {
    throw bad(
      key,
      `JSON in at most ${MAX_STATE_BYTES} bytes of U8`,
      `${state.end - state.offset} bytes of ${state.dtype}`,
    );
  }
  const label = `${source.name}: ${key}`;
  const fields = new Fields(parseJsonObject(source.readBytesSync(key), label), `${label}: `);
  if (fields.text('quant_type') !== type.toLowerCase()) throw fields.bad('quant_type', type.toLowerCase());
  const blockSize = blockSizeOf(fields, 'blocksize');
  const rounding = fields.text('dtype');
  if (!['float32', 'float16', 'bfloat16'].includes(rounding)) {
    throw fields.bad('dtype', 'float32, float16 or bfloat16');
  }
  const shape = fields.numbers('shape');
  const elements = elementCount(shape);
  const isMatrix = shape.length === 2 && shape.every(size => Number.isSafeInteger(size) && size > 0);
  if (!isMatrix || !Number.isSafeInteger(elements)) {
    throw fields.bad('shape', 'two whole numbers above 0');
  }

  const weight = source.tensors.get(name);
  if (!weight) throw bad(name, 'the packed weight that its quant_state describes', 'no such tensor');
  // bnb_4bit_quant_storage may give the packed bytes any type. bitsandbytes takes a row of bytes for a transposed matrix.
  const bytes = weight.end - weight.offset;
  if (bytes !== Math.ceil(elements / 2) || weight.shape.length !== 2 || weight.shape[1] !== 1) {
    throw bad(
      name,
      `a column of ${Math.ceil(elements / 2)} bytes for [${shape.join(', ')}] in 4 bits`,
      `[${weight.shape.join(', ')}] of ${weight.dtype} in ${bytes} bytes`,
    );
  }

  const companion = (part: string, dtype: string, count: number) => {
    const found = source.tensors.get(`${name}.${part}`);
    if (found?.dtype !== dtype || elementCount(found.shape) !== count) {
      const what = found ? `[${found.shape.join(', ')}] of ${found.dtype}` : 'no such tensor';
      throw bad(`${name}.${part}`, `${count} values of ${dtype}`, what);
    }
    return `${name}.${part}`;
  };
  const readTable = (part: string, count: number) => {
    const values = new Float32Array(count);
    decodeF32(source.readBytesSync(companion(part, 'F32', count)), values);
    return values;
  };
  const values = readTable('quant_map', 16);
  const table = VALUES.get(type)!;
  if (!values.every((value, i) => Math.abs(value - table[i]!) <= TABLE_TOLERANCE)) {
    throw bad(`${name}.quant_map`, `the values of ${type}`, [...values].join(', '));
  }
  const blocks = Math.ceil(elements / blockSize);
  const isNested = source.tensors.has(`${name}.nested_absmax`) || fields.has('nested_offset');
  companion('absmax', isNested ? 'U8' : 'F32', blocks);
  let nested: NestedScales | undefined;
  if (isNested) {
    fields.expect('nested_dtype', 'float32');
    const nestedSize = blockSizeOf(fields, 'nested_blocksize');
    nested = {
      blockSize: nestedSize,
      values: readTable('nested_quant_map', 256),
      scales: readTable('nested_absmax', Math.ceil(blocks / nestedSize)),
      offset: Math.fround(fields.number('nested_offset')),
    };
  }
  return { name, dtype: type, shape, blockSize, rounding, nested };
}

function blockSizeOf(fields: Fields, key: string): number {
  const size = fields.count(key);
  if (!BLOCK_SIZES.includes(size)) throw fields.bad(key, `one of ${BLOCK_SIZES.join(', ')}`);
  return size;
}
