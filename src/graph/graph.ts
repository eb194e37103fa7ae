// The graph of a model whose weights are too large for memory: each weight gets its place in the external data file when
// a block asks for it, and its bytes are streamed there at the end, a piece at a time.

import { writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { elementCount, rowWidth } from '../checkpoint/tensors.js';
import { DATA_FILE } from '../onnx/contract.js';
import type { ElementType } from '../onnx/elementTypes.js';
import { GraphBuilder, type Value } from '../onnx/graphBuilder.js';
import { FLOAT_BYTES, type FloatStorage, floatEncoder, type Int8Order, int8Encoder } from './storage.js';
import { type ReadRows, type StoredWeight, writeWeights } from './stream.js';

export type { Attribute, Value } from '../onnx/graphBuilder.js';

/** ONNX Runtime maps a tensor from disk instead of copying it where the tensor starts on a page. Bytes. */
const PAGE = 4096;

/** The two tensors of a weight of 8 bits. */
export interface Int8Weight {
  readonly values: Value;
  /** One scale for each row of the weight. */
  readonly scales: Value;
}

/** A tensor's bytes in the data file. */
export interface Place {
  /** Bytes from the file's start. */
  readonly offset: number;
  readonly length: number;
}

export class Graph extends GraphBuilder {
  readonly #path: string;
  readonly #weights: StoredWeight[] = [];
  readonly #places = new Map<string, Place>();
  #dataEnd = 0;
  #weightBytes = 0;

  /** Starts the model file `path`; its weights go to DATA_FILE in the same folder. */
  constructor(path: string) {
    super();
    this.#path = path;
  }

  /** A weight, kept in the data file. Its rows are read when the graph is finished. */
  weight(name: string, shape: readonly number[], storage: FloatStorage, read: ReadRows): Value {
    const offset = this.#allocate(name, shape, storage, FLOAT_BYTES[storage]);
    const rowBytes = rowWidth(shape) * FLOAT_BYTES[storage];
    this.#weights.push({ shape, read, encode: floatEncoder(storage, offset, rowBytes), isWhole: false });
    return name;
  }

  /** A weight [rows, width] of 8 bits, stored in `order`, and the scales of its rows: [rows]. */
  int8Weight(name: string, shape: readonly number[], order: Int8Order, read: ReadRows): Int8Weight {
    const isWhole = order === 'columns';
    const scales = `${name}.scales`;
    const offsets = {
      values: this.#allocate(name, isWhole ? shape.toReversed() : shape, 'int8', 1),
      scales: this.#allocate(scales, shape.slice(0, 1), 'float32', FLOAT_BYTES.float32),
    };
    this.#weights.push({ shape, read, encode: int8Encoder(order, offsets, rowWidth(shape)), isWhole });
    return { values: name, scales };
  }

  /** Declares a tensor of the data file. Returns its offset there: bytes from the start. */
  #allocate(name: string, shape: readonly number[], type: ElementType, elementBytes: number): number {
    const offset = Math.ceil(this.#dataEnd / PAGE) * PAGE;
    const length = elementCount(shape) * elementBytes;
    this.#dataEnd = offset + length;
    this.#weightBytes += length;
    this.externalTensor(name, shape, type, { file: DATA_FILE, offset, length });
    this.#places.set(name, { offset, length });
    return offset;
  }

  /** Where a weight that has been asked for is in the data file. */
  placeOf(name: string): Place {
    return this.#places.get(name)!;
  }

  /** Bytes of all weights that have been asked for, without the gaps between them in the data file. */
  get weightBytes(): number {
    return this.#weightBytes;
  }

  /** Writes the model file and the data file. `onBytes` is called with the size of each piece once it is written. */
  async finish(producerVersion: string, onBytes: (bytes: number) => void): Promise<void> {
    await writeWeights(join(dirname(this.#path), DATA_FILE), this.#weights, onBytes);
    writeFileSync(this.#path, this.toBytes(basename(this.#path), producerVersion));
  }
}

/** x times a number. */
export function multiply(graph: Graph, x: Value, factor: number): Value {
  return graph.node(`${x}.scaled`, 'Mul', [x, graph.constant(`${x}.scale`, [], Float32Array.of(factor))]);
}
