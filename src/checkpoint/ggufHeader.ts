// The header of a GGUF file, versions 2 and 3: its metadata, and where each of its tensors lies.
// Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (all little-endian).

import { UserError } from '../errors.js';
import { BLOCK_TYPES } from './dequantize.js';
import type { RandomAccessFile } from './files.js';
import { HeaderReader } from './ggufHeaderReader.js';
import { type GgufValue, readValue } from './ggufValues.js';
import { elementCount, type TensorInfo } from './tensors.js';

export interface GgufHeader {
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

export interface StoredTensor extends TensorInfo {
  /** The tensor's first byte, counted from the start of the file. */
  readonly offset: number;
}

const MAX_DIMENSIONS = 4;

// The least number of bytes that an entry takes in the header. A tensor has at least the length of its name, a dimension
// count, a type and an offset; a metadata entry the length of its key, a type and a byte.
const MIN_TENSOR_BYTES = 24;
const MIN_METADATA_BYTES = 13;

/**
 * Reads the header. Throws UserError where it is damaged, describes more than the file holds, or has another version.
 */
export function readHeader(file: RandomAccessFile): GgufHeader {
  const reader = new HeaderReader(file);
  if (reader.bytes(4).toString('latin1') !== 'GGUF')
    throw new UserError(`${file.name}: expected a GGUF file, found other content`);
  checkVersion(reader.uint32(), file.name);
  const tensorCount = reader.count('tensors', MIN_TENSOR_BYTES);
  const metadataCount = reader.count('metadata entries', MIN_METADATA_BYTES);
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < metadataCount; i++) {
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
  const entries: StoredTensor[] = [];
  for (let i = 0; i < tensorCount; i++) entries.push(readTensorInfo(reader, file.name));
  const alignment = alignmentOf(metadata, file.name);
  const dataStart = Math.ceil(reader.position / alignment) * alignment;
  const tensors = new Map<string, StoredTensor>();
  for (const tensor of entries) {
    if (tensors.has(tensor.name)) throw new UserError(`${file.name}: has the tensor ${tensor.name} twice`);
    if (tensor.offset % alignment !== 0) {
      throw new UserError(
        `${file.name}: ${tensor.name}: expected an offset that is a multiple of ${alignment}, found ${tensor.offset}`,
      );
    }
    tensors.set(tensor.name, { ...tensor, offset: dataStart + tensor.offset });
  }
  checkLayout([...tensors.values()], file);
  return { metadata, tensors };
}

function checkVersion(version: number, file: string): void {
  if (version === 2 || version === 3) return;
  // A small number that is read in the wrong byte order has zeros in its low bytes.
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

/** The offset that is returned counts from the start of the tensor data, which is known only after the header. */
function readTensorInfo(reader: HeaderReader, file: string): StoredTensor {
  const name = reader.string();
  const dimensions = reader.uint32();
  if (dimensions > MAX_DIMENSIONS) {
    throw new UserError(
      `${file}: ${name}: expected at most ${MAX_DIMENSIONS} dimensions, found ${dimensions}`,
    );
  }
  // The file has the innermost dimension first.
  const shape = Array.from({ length: dimensions }, () => reader.size(name)).reverse();
  if (shape.includes(0)) {
    throw new UserError(`${file}: ${name}: expected dimensions above 0, found [${shape.join(', ')}]`);
  }
  const typeNumber = reader.uint32();
  const dtype = TYPE_NAMES[typeNumber];
  if (!dtype) {
    throw new UserError(
      `${file}: ${name}: expected one of ${[...BLOCK_TYPES.keys()].join(', ')}, found the unknown type ${typeNumber}`,
    );
  }
  const blockElements = BLOCK_TYPES.get(dtype)?.elements ?? 1;
  if ((shape.at(-1) ?? 1) % blockElements !== 0) {
    throw new UserError(
      `${file}: ${name}: expected rows of a multiple of ${blockElements} (${dtype}), found ${shape.at(-1) ?? 'no dimensions'}`,
    );
  }
  return { name, dtype, shape, offset: reader.size(name) };
}

/** Refuses tensors that end beyond the file or share bytes. The size of a type that cannot be read counts as 0. */
function checkLayout(tensors: StoredTensor[], file: RandomAccessFile): void {
  let previous: { name: string; end: number } | undefined;
  for (const tensor of tensors.sort((a, b) => a.offset - b.offset)) {
    const type = BLOCK_TYPES.get(tensor.dtype);
    const bytes = type ? (elementCount(tensor.shape) / type.elements) * type.bytes : 0;
    const end = tensor.offset + bytes;
    if (end > file.size) {
      throw new UserError(
        `${file.name}: ${tensor.name} ends at byte ${end}, the file at ${file.size}: the file is truncated or damaged`,
      );
    }
    if (previous && tensor.offset < previous.end) {
      throw new UserError(`${file.name}: ${previous.name} and ${tensor.name} overlap: the file is damaged`);
    }
    previous = { name: tensor.name, end };
  }
}

/** Names by ggml_type's number, 0 to 41: https://github.com/ggml-org/ggml/blob/master/include/ggml.h. */
const TYPE_NAMES: readonly string[] = (
  'F32 F16 Q4_0 Q4_1 Q4_2 Q4_3 Q5_0 Q5_1 Q8_0 Q8_1 Q2_K Q3_K Q4_K Q5_K Q6_K Q8_K ' +
  'IQ2_XXS IQ2_XS IQ3_XXS IQ1_S IQ4_NL IQ3_S IQ2_S IQ4_XS I8 I16 I32 I64 F64 IQ1_M BF16 ' +
  'Q4_0_4_4 Q4_0_4_8 Q4_0_8_8 TQ1_0 TQ2_0 IQ4_NL_4_4 IQ4_NL_4_8 IQ4_NL_8_8 MXFP4 NVFP4 Q1_0'
).split(' ');
