// GGUF files, versions 2 and 3: the header's metadata, and its tensors read one at a time.
// Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (all little-endian).

import { UserError } from '../errors.js';
import { giveBack, takeFloat32 } from '../kernels/buffers.js';
import { BLOCK_TYPES } from './dequantize.js';
import { RandomAccessFile } from './files.js';
import { HeaderReader } from './ggufHeaderReader.js';
import { elementCount, rowWidth, type TensorInfo, type TensorSource } from './tensors.js';

/** A 64-bit integer is a number where that is exact. Numbers in an array stay packed, booleans there as 0 and 1. */
export type GgufValue = string | boolean | number | bigint | readonly string[] | PackedNumbers;

type PackedNumbers =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array
  | BigUint64Array
  | BigInt64Array;

/** Tensors under GGUF's own names, shapes outermost first. */
export interface GgufFile extends TensorSource {
  readonly metadata: ReadonlyMap<string, GgufValue>;
  /** A tensor of one dimension and no more than `LONGEST_VECTOR` elements, at once. */
  readVector(name: string): Float32Array;
}

interface StoredTensor extends TensorInfo {
  /** Byte offset in the file, from its start. */
  readonly offset: number;
}

/** Tensors are read and decoded in pieces of about this size, so that a piece stays in the processor's cache. */
const PIECE_BYTES = 1 << 20;

const MAX_DIMENSIONS = 4;

/** Of the factors of a head's rotary frequencies there are far fewer. */
const LONGEST_VECTOR = 1 << 16;

/** Throws UserError where the header does not describe the file it stands in. */
export function openGguf(path: string): GgufFile {
  const file = new RandomAccessFile(path);
  let header: Header;
  try {
    header = readHeader(file);
  } catch (error) {
    file.close();
    throw error;
  }
  return {
    name: file.name,
    ...header,
    async read(name, start = 0, end = header.tensors.get(name)?.shape[0] ?? 1) {
      const tensor = header.tensors.get(name);
      if (!tensor) throw new UserError(`${file.name}: holds no tensor ${name}`);
      return readRows(file, tensor, start, end);
    },
    readVector(name) {
      const tensor = header.tensors.get(name);
      if (!tensor) throw new UserError(`${file.name}: holds no tensor ${name}`);
      return readVector(file, tensor);
    },
    close: () => file.close(),
  };
}

async function readRows(
  file: RandomAccessFile,
  tensor: StoredTensor,
  start: number,
  end: number,
): Promise<Float32Array> {
  const type = blockTypeOf(tensor, file.name);
  // blocks never cross a row
  const rowBlocks = rowWidth(tensor.shape) / type.elements;
  const values = takeFloat32((end - start) * rowBlocks * type.elements);
  const blocks = values.length / type.elements;
  const offset = tensor.offset + start * rowBlocks * type.bytes;
  const step = Math.floor(PIECE_BYTES / type.bytes);
  for (let block = 0; block < blocks; block += step) {
    const stop = Math.min(block + step, blocks);
    const bytes = await file.read(offset + block * type.bytes, (stop - block) * type.bytes);
    type.decode(bytes, values.subarray(block * type.elements, stop * type.elements));
    giveBack(bytes);
  }
  return values;
}

function readVector(file: RandomAccessFile, tensor: StoredTensor): Float32Array {
  const type = blockTypeOf(tensor, file.name);
  const [length = 0, ...more] = tensor.shape;
  if (more.length > 0 || length > LONGEST_VECTOR) {
    throw new UserError(
      `${tensor.name}: expected a vector, found [${tensor.shape.join(', ')}] in ${file.name}`,
    );
  }
  const values = new Float32Array(length);
  type.decode(file.readSync(tensor.offset, (length / type.elements) * type.bytes), values);
  return values;
}

function blockTypeOf({ name, dtype }: TensorInfo, file: string) {
  const type = BLOCK_TYPES.get(dtype);
  if (type) return type;
  throw new UserError(
    `${name}: expected one of ${[...BLOCK_TYPES.keys()].join(', ')}, found ${dtype} in ${file}`,
  );
}

interface Header {
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

function readHeader(file: RandomAccessFile): Header {
  const reader = new HeaderReader(file);
  if (reader.bytes(4).toString('latin1') !== 'GGUF') throw new UserError(`${file.name}: is not a GGUF file`);
  checkVersion(reader.uint32(), file.name);
  // a tensor takes at least a name's length, a dimension count, a type and an offset; a pair a key's length, a type and a byte
  const tensorCount = reader.count('tensors', 24);
  const pairCount = reader.count('metadata entries', 13);
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < pairCount; i++) {
    const key = reader.string();
    if (metadata.has(key)) throw new UserError(`${file.name}: has the metadata key ${key} twice`);
    metadata.set(key, readValue(reader, key, file.name));
  }
  const parts = metadata.get('split.count');
  if (typeof parts === 'number' && parts > 1) {
    throw new UserError(
      `${file.name}: is one of ${parts} parts of a model; join them with llama-gguf-split --merge`,
    );
  }
  const listed: StoredTensor[] = [];
  for (let i = 0; i < tensorCount; i++) listed.push(readTensorInfo(reader, file.name));
  const alignment = alignmentOf(metadata, file.name);
  const dataStart = Math.ceil(reader.position / alignment) * alignment;
  const tensors = new Map<string, StoredTensor>();
  for (const tensor of listed) {
    if (tensors.has(tensor.name)) throw new UserError(`${file.name}: has the tensor ${tensor.name} twice`);
    if (tensor.offset % alignment !== 0) {
      throw new UserError(
        `${file.name}: ${tensor.name}: expected an offset in steps of ${alignment}, found ${tensor.offset}`,
      );
    }
    tensors.set(tensor.name, { ...tensor, offset: dataStart + tensor.offset });
  }
  checkLayout([...tensors.values()], file);
  return { metadata, tensors };
}

function checkVersion(version: number, file: string): void {
  if (version === 2 || version === 3) return;
  // read with the wrong byte order, a small number has its low bytes zero
  if (version !== 0 && (version & 0xffff) === 0) {
    throw new UserError(`${file}: expected a little-endian GGUF file, found a big-endian one`);
  }
  throw new UserError(`${file}: expected GGUF version 2 or 3, found version ${version}`);
}

function alignmentOf(metadata: ReadonlyMap<string, GgufValue>, file: string): number {
  const alignment = metadata.get('general.alignment') ?? 32;
  if (typeof alignment !== 'number' || !Number.isInteger(Math.log2(alignment)) || alignment < 1) {
    throw new UserError(`${file}: general.alignment: expected a power of two, found ${alignment}`);
  }
  return alignment;
}

/** The offset counts from the start of the tensor data, which is not known yet. */
function readTensorInfo(reader: HeaderReader, file: string): StoredTensor {
  const name = reader.string();
  const dimensions = reader.uint32();
  if (dimensions > MAX_DIMENSIONS) {
    throw new UserError(
      `${file}: ${name}: expected at most ${MAX_DIMENSIONS} dimensions, found ${dimensions}`,
    );
  }
  // stored innermost first
  const shape = Array.from({ length: dimensions }, () => reader.size(name)).reverse();
  const typeNumber = reader.uint32();
  const dtype = TYPE_NAMES[typeNumber];
  if (!dtype) {
    throw new UserError(
      `${file}: ${name}: expected one of ${[...BLOCK_TYPES.keys()].join(', ')}, found the unknown type ${typeNumber}`,
    );
  }
  const rowBlock = BLOCK_TYPES.get(dtype)?.elements ?? 1;
  if ((shape.at(-1) ?? 1) % rowBlock !== 0) {
    throw new UserError(
      `${file}: ${name}: expected rows of a multiple of ${rowBlock} (${dtype}), found ${shape.at(-1)}`,
    );
  }
  return { name, dtype, shape, offset: reader.size(name) };
}

/** Refuses tensors that end beyond the file or share bytes. A type that cannot be read has an unknown size. */
function checkLayout(tensors: StoredTensor[], file: RandomAccessFile): void {
  let previous: { name: string; end: number } | undefined;
  for (const tensor of tensors.sort((a, b) => a.offset - b.offset)) {
    const type = BLOCK_TYPES.get(tensor.dtype);
    const bytes = type ? (elementCount(tensor.shape) / type.elements) * type.bytes : 0;
    const end = tensor.offset + bytes;
    if (end > file.size) {
      throw new UserError(
        `${file.name}: ${tensor.name} ends at byte ${end}, the file at ${file.size}: it is truncated or damaged`,
      );
    }
    if (previous && tensor.offset < previous.end) {
      throw new UserError(`${file.name}: ${previous.name} and ${tensor.name} overlap: it is damaged`);
    }
    previous = { name: tensor.name, end };
  }
}

function readValue(reader: HeaderReader, key: string, file: string): GgufValue {
  const type = reader.uint32();
  if (type === STRING) return reader.string();
  if (type === ARRAY) return readArray(reader, key, file);
  const scalar = SCALARS[type];
  if (!scalar) throw new UserError(`${file}: ${key}: expected a GGUF value type, found ${type}`);
  const value = scalar.pack(reader.bytes(scalar.bytes))[0]!;
  if (type === BOOLEAN) return value !== 0;
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function readArray(reader: HeaderReader, key: string, file: string): readonly string[] | PackedNumbers {
  const type = reader.uint32();
  if (type === STRING) {
    const strings: string[] = [];
    for (let count = reader.count(`strings in ${key}`, 8); count > 0; count--) strings.push(reader.string());
    return strings;
  }
  const scalar = SCALARS[type];
  // arrays of arrays are in the format but in no model's file, and llama.cpp refuses them too
  if (!scalar)
    throw new UserError(`${file}: ${key}: expected an array of strings or numbers, found type ${type}`);
  return scalar.pack(reader.bytes(reader.count(`numbers in ${key}`, scalar.bytes) * scalar.bytes));
}

// Metadata value types by their number in the file.
const BOOLEAN = 7;
const STRING = 8;
const ARRAY = 9;

interface Scalar {
  readonly bytes: number;
  readonly pack: (bytes: Buffer) => PackedNumbers;
}

const SCALARS: Readonly<Record<number, Scalar>> = {
  0: scalar(Uint8Array),
  1: scalar(Int8Array),
  2: scalar(Uint16Array),
  3: scalar(Int16Array),
  4: scalar(Uint32Array),
  5: scalar(Int32Array),
  6: scalar(Float32Array),
  [BOOLEAN]: scalar(Uint8Array),
  10: scalar(BigUint64Array),
  11: scalar(BigInt64Array),
  12: scalar(Float64Array),
};

function scalar(Packed: { new (buffer: ArrayBuffer): PackedNumbers; BYTES_PER_ELEMENT: number }): Scalar {
  // copied into a buffer of its own, where it is aligned
  return { bytes: Packed.BYTES_PER_ELEMENT, pack: bytes => new Packed(new Uint8Array(bytes).buffer) };
}

/** By ggml_type's number, 0 to 41: https://github.com/ggml-org/ggml/blob/master/include/ggml.h. Not all can be read. */
const TYPE_NAMES: readonly string[] = (
  'F32 F16 Q4_0 Q4_1 Q4_2 Q4_3 Q5_0 Q5_1 Q8_0 Q8_1 Q2_K Q3_K Q4_K Q5_K Q6_K Q8_K ' +
  'IQ2_XXS IQ2_XS IQ3_XXS IQ1_S IQ4_NL IQ3_S IQ2_S IQ4_XS I8 I16 I32 I64 F64 IQ1_M BF16 ' +
  'Q4_0_4_4 Q4_0_4_8 Q4_0_8_8 TQ1_0 TQ2_0 IQ4_NL_4_4 IQ4_NL_4_8 IQ4_NL_8_8 MXFP4 NVFP4 Q1_0'
).split(' ');
