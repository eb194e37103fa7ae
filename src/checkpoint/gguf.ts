// GGUF files: their metadata, and their tensors read and decoded one at a time.

import { UserError } from '../errors.js';
import { giveBack, takeFloat32 } from '../kernels/buffers.js';
import { BLOCK_TYPES } from './dequantize.js';
import { RandomAccessFile } from './files.js';
import { type GgufHeader, readHeader, type StoredTensor } from './ggufHeader.js';
import type { GgufValue } from './ggufValues.js';
import { rowWidth, type TensorSource } from './tensors.js';

/** A GGUF file. Its tensors have GGUF's own names, and shapes with the outermost dimension first. */
export interface GgufFile extends TensorSource {
  readonly metadata: ReadonlyMap<string, GgufValue>;
  /**
   * Reads a tensor of one dimension synchronously.
   * Throws UserError where it has more dimensions, or more than `MAX_VECTOR_ELEMENTS` elements.
   */
  readVector(name: string): Float32Array;
}

/** Tensors are read and decoded in pieces of about this size, so that a piece stays in the processor's cache. */
const PIECE_BYTES = 1 << 20;

/** A limit for readVector, which reads the divisors of a head's rotary frequencies; there are far fewer of them. */
const MAX_VECTOR_ELEMENTS = 1 << 16;

/**
 * Opens a GGUF file and reads its header.
 * Throws UserError where the file cannot be read, or its header is damaged or does not match its content.
 */
export function openGguf(path: string): GgufFile {
  const file = new RandomAccessFile(path);
  let header: GgufHeader;
  try {
    header = readHeader(file);
  } catch (error) {
    file.close();
    throw error;
  }
  const tensorOf = (name: string) => {
    const tensor = header.tensors.get(name);
    if (!tensor) throw new UserError(`${file.name}: holds no tensor ${name}`);
    return tensor;
  };
  return {
    name: file.name,
    ...header,
    read: async (name, start = 0, end = header.tensors.get(name)?.shape[0] ?? 1) =>
      readRows(file, tensorOf(name), start, end),
    readVector: name => readVector(file, tensorOf(name)),
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
  // A row is a whole number of blocks.
  const rowBlocks = rowWidth(tensor.shape) / type.elements;
  const blocks = (end - start) * rowBlocks;
  const offset = tensor.offset + start * rowBlocks * type.bytes;
  file.checkRange(offset, blocks * type.bytes);
  const values = takeFloat32(blocks * type.elements);
  const pieceBlocks = Math.floor(PIECE_BYTES / type.bytes);
  for (let block = 0; block < blocks; block += pieceBlocks) {
    const stop = Math.min(block + pieceBlocks, blocks);
    const bytes = await file.read(offset + block * type.bytes, (stop - block) * type.bytes);
    type.decode(bytes, values.subarray(block * type.elements, stop * type.elements));
    giveBack(bytes);
  }
  return values;
}

function readVector(file: RandomAccessFile, tensor: StoredTensor): Float32Array {
  const type = blockTypeOf(tensor, file.name);
  const [length = 0, ...more] = tensor.shape;
  if (more.length > 0 || length > MAX_VECTOR_ELEMENTS) {
    throw new UserError(
      `${tensor.name}: expected a vector of at most ${MAX_VECTOR_ELEMENTS} elements, found [${tensor.shape.join(', ')}] in ${file.name}`,
    );
  }
  const values = new Float32Array(length);
  type.decode(file.readSync(tensor.offset, (length / type.elements) * type.bytes), values);
  return values;
}

function blockTypeOf({ name, dtype }: StoredTensor, file: string) {
  const type = BLOCK_TYPES.get(dtype);
  if (type) return type;
  throw new UserError(
    `${name}: expected one of ${[...BLOCK_TYPES.keys()].join(', ')}, found ${dtype} in ${file}`,
  );
}
