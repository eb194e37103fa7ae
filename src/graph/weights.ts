// The checkpoint's tensors as the blocks of a graph ask for them: by name, with the shape that they expect.

import { rowWidth, type TensorSource } from '../checkpoint/tensors.js';
import { UserError } from '../errors.js';
import type { Graph, Int8Weight, Value } from './graph.js';
import type { FloatStorage, Int8Order } from './storage.js';

export class Weights {
  readonly #source: TensorSource;

  constructor(source: TensorSource) {
    this.#source = source;
  }

  has(name: string): boolean {
    return this.#source.tensors.has(name);
  }

  /** The number of values in one row of a tensor. */
  width(name: string): number {
    return rowWidth(this.#source.tensors.get(name)!.shape);
  }

  /** Throws UserError where the checkpoint lacks the tensor or has it in another shape. */
  expect(name: string, shape: readonly number[]): void {
    const found = this.#source.tensors.get(name);
    const expected = `${name}: expected [${shape.join(', ')}]`;
    if (!found) throw new UserError(`${expected}, found no such tensor in ${this.#source.name}`);
    if (found.shape.join() !== shape.join()) {
      throw new UserError(`${expected}, found [${found.shape.join(', ')}] in ${this.#source.name}`);
    }
  }

  /** Adds a merged tensor to the graph, with `offset` added to each of its values. */
  write(graph: Graph, name: string, storage: FloatStorage, offset = 0): Value {
    const read = (start: number, end: number) => this.#source.read(name, start, end);
    const shift = async (start: number, end: number) => (await read(start, end)).map(value => value + offset);
    return graph.weight(name, this.#source.tensors.get(name)!.shape, storage, offset === 0 ? read : shift);
  }

  /** Adds a merged matrix to the graph in 8 bits. */
  writeInt8(graph: Graph, name: string, order: Int8Order): Int8Weight {
    const read = (start: number, end: number) => this.#source.read(name, start, end);
    return graph.int8Weight(name, this.#source.tensors.get(name)!.shape, order, read);
  }
}
