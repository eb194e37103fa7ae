// Safetensors files, single or sharded, read a tensor at a time.
// Format: https://huggingface.co/docs/safetensors (u64 header length, JSON header, raw little-endian data).

import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../errors.js';
import { giveBack, takeFloat32 } from '../kernels/buffers.js';
import { decodeBf16, decodeF16, decodeF32 } from './dequantize.js';
import { isJsonObject, type JsonObject, parseJsonObject, RandomAccessFile, readJsonObject } from './files.js';
import { elementCount, rowWidth, type TensorInfo, type TensorSource } from './tensors.js';

interface StoredTensor extends TensorInfo {
  /** Byte offset in the file, from its start. */
  readonly offset: number;
  /** Where it ends. */
  readonly end: number;
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

/** The same limit as the reference reader's: a longer header is an attack or damage. */
const MAX_HEADER_BYTES = 100_000_000;

/** Opens one .safetensors file. Throws UserError where the header does not describe the file it stands in. */
export function openSafetensors(path: string): TensorSource {
  const file = new RandomAccessFile(path);
  let tensors: Map<string, StoredTensor>;
  try {
    tensors = readHeader(file);
  } catch (error) {
    file.close();
    throw error;
  }
  return {
    name: file.name,
    tensors,
    async read(name, start = 0, end = tensors.get(name)?.shape[0] ?? 1) {
      const tensor = tensors.get(name);
      if (!tensor) throw new UserError(`${file.name}: holds no tensor ${name}`);
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

/** Opens `model.safetensors`, or the shards that `model.safetensors.index.json` names, in `folder`. */
export function openSafetensorsFolder(folder: string): TensorSource {
  const index = join(folder, 'model.safetensors.index.json');
  return existsSync(index) ? openShards(index) : openSafetensors(join(folder, 'model.safetensors'));
}

function openShards(indexPath: string): TensorSource {
  const weightMap = readJsonObject(indexPath).weight_map;
  if (!isJsonObject(weightMap)) throw new UserError(`${basename(indexPath)}: expected an object weight_map`);
  const shards = new Map<string, TensorSource>();
  const home = new Map<string, TensorSource>();
  const tensors = new Map<string, TensorInfo>();
  const close = () => {
    for (const shard of shards.values()) shard.close();
  };
  try {
    for (const [name, shardName] of Object.entries(weightMap)) {
      if (typeof shardName !== 'string' || basename(shardName) !== shardName) {
        throw new UserError(`${basename(indexPath)}: ${name}: expected a file name in the same folder`);
      }
      let shard = shards.get(shardName);
      if (!shard) {
        shard = openSafetensors(join(dirname(indexPath), shardName));
        shards.set(shardName, shard);
      }
      const info = shard.tensors.get(name);
      if (!info)
        throw new UserError(`${basename(indexPath)}: places ${name} in ${shardName}, which lacks it`);
      tensors.set(name, info);
      home.set(name, shard);
    }
  } catch (error) {
    close();
    throw error;
  }
  return {
    name: basename(dirname(indexPath)),
    tensors,
    async read(name, start, end) {
      const shard = home.get(name);
      if (!shard) throw new UserError(`${basename(indexPath)}: holds no tensor ${name}`);
      return shard.read(name, start, end);
    },
    close,
  };
}

function readHeader(file: RandomAccessFile): Map<string, StoredTensor> {
  const lengthBytes = file.readSync(0, 8);
  const headerLength = Number(new DataView(lengthBytes.buffer).getBigUint64(0, true));
  if (headerLength > MAX_HEADER_BYTES || 8 + headerLength > file.size) {
    throw new UserError(
      `${file.name}: its header claims ${headerLength} bytes, the file has ${file.size}: not safetensors, or truncated`,
    );
  }
  const header = parseJsonObject(new TextDecoder().decode(file.readSync(8, headerLength)), file.name);
  const dataStart = 8 + headerLength;
  const tensors = new Map<string, StoredTensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name !== '__metadata__') tensors.set(name, parseEntry(name, entry, dataStart, file));
  }
  checkLayout([...tensors.values()], dataStart, file);
  return tensors;
}

/** As in the reference reader, tensors stand end to end and fill the file. */
function checkLayout(tensors: StoredTensor[], dataStart: number, file: RandomAccessFile): void {
  let end = dataStart;
  for (const tensor of tensors.sort((a, b) => a.offset - b.offset || a.end - b.end)) {
    if (tensor.offset !== end) {
      throw new UserError(
        `${file.name}: tensor ${tensor.name}: expected it to start at byte ${end}, found ${tensor.offset}: it is damaged`,
      );
    }
    end = tensor.end;
  }
  if (end !== file.size) {
    throw new UserError(`${file.name}: expected ${end} bytes, found ${file.size}: it is damaged`);
  }
}

function parseEntry(name: string, entry: unknown, dataStart: number, file: RandomAccessFile): StoredTensor {
  const bad = (what: string) => new UserError(`${file.name}: tensor ${name}: ${what}`);
  if (!isJsonObject(entry)) throw bad('expected an object with dtype, shape and data_offsets');
  const { dtype, shape, data_offsets: offsets } = entry as JsonObject;
  if (typeof dtype !== 'string') throw bad('expected a dtype');
  if (!isNaturals(shape)) throw bad('expected a shape of whole numbers');
  if (!isNaturals(offsets) || offsets.length !== 2) throw bad('expected two data_offsets');
  const [start, end] = offsets as [number, number];
  const elementBytes = ELEMENT_BYTES.get(dtype);
  if (elementBytes !== undefined && end - start !== elementCount(shape) * elementBytes) {
    throw bad(
      `[${shape.join(', ')}] of ${dtype} takes ${elementCount(shape) * elementBytes} bytes, its offsets span ${end - start}`,
    );
  }
  if (end < start || dataStart + end > file.size) {
    throw bad(`ends at byte ${dataStart + end}, the file at ${file.size}: it is truncated or damaged`);
  }
  return { name, dtype, shape, offset: dataStart + start, end: dataStart + end };
}

function isNaturals(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(item => Number.isSafeInteger(item) && item >= 0);
}
