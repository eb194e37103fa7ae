// Safetensors files, single or sharded, read one tensor at a time.
// Format: https://huggingface.co/docs/safetensors (u64 header length, JSON header, raw little-endian data).

import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../errors.js';
import { giveBack, takeFloat32 } from '../kernels/buffers.js';
import { decodeBf16, decodeF16, decodeF32 } from './dequantize.js';
import {
  isJsonObject,
  type JsonObject,
  parseJsonObject,
  RandomAccessFile,
  readJsonObject,
  shown,
} from './files.js';
import { elementCount, rowWidth, type TensorInfo, type TensorSource } from './tensors.js';

interface StoredTensor extends TensorInfo {
  /** The tensor's first byte and the byte after its last one, counted from the start of the file. */
  readonly offset: number;
  readonly end: number;
}

/** A source that also gives the bytes of its tensors, for formats that keep packed weights in safetensors. */
export interface SafetensorsSource extends TensorSource {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** Bytes `start` to `end` of a tensor. The returned array belongs to the caller, as that of `read` does. */
  readBytes(name: string, start: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
  /** All bytes of a small tensor. */
  readBytesSync(name: string): Uint8Array<ArrayBuffer>;
}

const ELEMENT_BYTES = new Map(
  Object.entries({
    F64: 8,
    F32: 4,
    F16: 2,
    BF16: 2,
    I64: 8,
    I32: 4,
    I16: 2,
    I8: 1,
    U8: 1,
    BOOL: 1,
    F8_E4M3: 1,
    F8_E5M2: 1,
  }),
);

const DECODERS = new Map(Object.entries({ F32: decodeF32, F16: decodeF16, BF16: decodeBf16 }));

/** The limit of the reference reader. A header that claims to be longer is damaged or malicious. */
const MAX_HEADER_BYTES = 100_000_000;

/** Opens one .safetensors file. Throws UserError where it cannot be read or its header does not match its content. */
export function openSafetensors(path: string): SafetensorsSource {
  const file = new RandomAccessFile(path);
  let tensors: Map<string, StoredTensor>;
  try {
    tensors = readHeader(file);
  } catch (error) {
    file.close();
    throw error;
  }
  const tensorOf = (name: string) => {
    const tensor = tensors.get(name);
    if (!tensor) throw new UserError(`${file.name}: holds no tensor ${name}`);
    return tensor;
  };
  return {
    name: file.name,
    tensors,
    async readBytes(name, start, end) {
      return file.read(tensorOf(name).offset + start, end - start);
    },
    readBytesSync(name) {
      const { offset, end } = tensorOf(name);
      return file.readSync(offset, end - offset);
    },
    async read(name, start = 0, end = tensors.get(name)?.shape[0] ?? 1) {
      const tensor = tensorOf(name);
      const decode = DECODERS.get(tensor.dtype);
      if (!decode) {
        throw new UserError(`${name}: expected F32, F16 or BF16, found ${tensor.dtype} in ${file.name}`);
      }
      const width = rowWidth(tensor.shape);
      const rowBytes = width * ELEMENT_BYTES.get(tensor.dtype)!;
      const bytes = await file.read(tensor.offset + start * rowBytes, (end - start) * rowBytes);
      const values = takeFloat32((end - start) * width);
      decode(bytes, values);
      giveBack(bytes);
      return values;
    },
    close: () => file.close(),
  };
}

/**
 * Opens `model.safetensors` in `folder`, or the shards that `model.safetensors.index.json` names.
 * Throws UserError where a file is missing or damaged.
 */
export function openSafetensorsFolder(folder: string): SafetensorsSource {
  const index = join(folder, 'model.safetensors.index.json');
  return existsSync(index) ? openShards(index) : openSafetensors(join(folder, 'model.safetensors'));
}

function openShards(indexPath: string): SafetensorsSource {
  const weightMap = readJsonObject(indexPath).weight_map;
  if (!isJsonObject(weightMap)) {
    throw new UserError(`${basename(indexPath)}: weight_map: expected an object, found ${shown(weightMap)}`);
  }
  const shards = new Map<string, SafetensorsSource>();
  const shardOf = new Map<string, SafetensorsSource>();
  const tensors = new Map<string, StoredTensor>();
  const close = () => {
    for (const shard of shards.values()) shard.close();
  };
  try {
    for (const [name, shardName] of Object.entries(weightMap)) {
      if (typeof shardName !== 'string' || basename(shardName) !== shardName) {
        throw new UserError(
          `${basename(indexPath)}: ${name}: expected the name of a file in the same folder, found ${shown(shardName)}`,
        );
      }
      let shard = shards.get(shardName);
      if (!shard) {
        shard = openSafetensors(join(dirname(indexPath), shardName));
        shards.set(shardName, shard);
      }
      const info = shard.tensors.get(name);
      if (!info)
        throw new UserError(`${basename(indexPath)}: expected ${name} in ${shardName}, found no such tensor`);
      tensors.set(name, info);
      shardOf.set(name, shard);
    }
  } catch (error) {
    close();
    throw error;
  }
  const holderOf = (name: string) => {
    const shard = shardOf.get(name);
    if (!shard) throw new UserError(`${basename(indexPath)}: holds no tensor ${name}`);
    return shard;
  };
  return {
    name: basename(dirname(indexPath)),
    tensors,
    read: async (name, start, end) => holderOf(name).read(name, start, end),
    readBytes: async (name, start, end) => holderOf(name).readBytes(name, start, end),
    readBytesSync: name => holderOf(name).readBytesSync(name),
    close,
  };
}

function readHeader(file: RandomAccessFile): Map<string, StoredTensor> {
  const lengthBytes = file.readSync(0, 8);
  const headerLength = Number(new DataView(lengthBytes.buffer).getBigUint64(0, true));
  if (headerLength > MAX_HEADER_BYTES || 8 + headerLength > file.size) {
    throw new UserError(
      `${file.name}: its header claims ${headerLength} bytes, the file has ${file.size}: it is no safetensors file, or truncated`,
    );
  }
  const header = parseJsonObject(file.readSync(8, headerLength), file.name);
  const dataStart = 8 + headerLength;
  const tensors = new Map<string, StoredTensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name !== '__metadata__') tensors.set(name, parseEntry(name, entry, dataStart, file));
  }
  checkLayout([...tensors.values()], dataStart, file);
  return tensors;
}

/** Like the reference reader, this refuses gaps and overlaps: the tensors follow one another and fill the file. */
function checkLayout(tensors: StoredTensor[], dataStart: number, file: RandomAccessFile): void {
  let end = dataStart;
  for (const tensor of tensors.sort((a, b) => a.offset - b.offset || a.end - b.end)) {
    if (tensor.offset !== end) {
      throw new UserError(
        `${file.name}: tensor ${tensor.name}: expected it to start at byte ${end}, found ${tensor.offset}: the file is damaged`,
      );
    }
    end = tensor.end;
  }
  if (end !== file.size) {
    throw new UserError(`${file.name}: expected ${end} bytes, found ${file.size}: the file is damaged`);
  }
}

function parseEntry(name: string, entry: unknown, dataStart: number, file: RandomAccessFile): StoredTensor {
  const bad = (problem: string) => new UserError(`${file.name}: tensor ${name}: ${problem}`);
  if (!isJsonObject(entry)) {
    throw bad(`expected an object with dtype, shape and data_offsets, found ${shown(entry)}`);
  }
  const { dtype, shape, data_offsets: offsets } = entry as JsonObject;
  if (typeof dtype !== 'string') throw bad(`dtype: expected a string, found ${shown(dtype)}`);
  if (!isNaturals(shape)) throw bad(`shape: expected a list of whole numbers, found ${shown(shape)}`);
  if (!Number.isSafeInteger(elementCount(shape))) {
    throw bad(`shape: expected at most ${Number.MAX_SAFE_INTEGER} elements, found ${shown(shape)}`);
  }
  if (!isNaturals(offsets) || offsets.length !== 2) {
    throw bad(`data_offsets: expected two whole numbers, found ${shown(offsets)}`);
  }
  const [start, end] = offsets as [number, number];
  const elementBytes = ELEMENT_BYTES.get(dtype);
  if (elementBytes !== undefined && end - start !== elementCount(shape) * elementBytes) {
    throw bad(
      `expected ${elementCount(shape) * elementBytes} bytes for [${shape.join(', ')}] of ${dtype}, found data_offsets that span ${end - start}`,
    );
  }
  if (end < start || dataStart + end > file.size) {
    throw bad(`ends at byte ${dataStart + end}, the file at ${file.size}: the file is truncated or damaged`);
  }
  return { name, dtype, shape, offset: dataStart + start, end: dataStart + end };
}

function isNaturals(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(item => Number.isSafeInteger(item) && item >= 0);
}
