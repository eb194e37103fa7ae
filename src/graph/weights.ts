// The checkpoint's tensors as a graph asks for them: by name, with the shape it expects.

import type { TensorSource } from '../checkpoint/tensors.js';
import { UserError } from '../errors.js';
import type { Graph, Value } from './graph.js';

export class Weights {
  readonly #source: TensorSource;
  readonly #onBytes: (bytes: number) => void;

  /** `onBytes` is told of the float32 bytes of every weight as it is written. */
  constructor(source: TensorSource, onBytes: (bytes: number) => void) {
    this.#source = source;
    this.#onBytes = onBytes;
  }

  has(name: string): boolean {
    return this.#source.tensors.has(name);
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

  /** Reads one tensor, merged, and writes it into the graph. */
  write(graph: Graph, name: string): Value {
    const values = this.#source.read(name);
    this.#onBytes(values.byteLength);
    return graph.weight(name, this.#source.tensors.get(name)!.shape, values);
  }
}
