// What the tokens of a long sequence leave for those behind them: the keys and values of each layer, which one pass gives
// back and the next one reads.

import { type PastNames, pastNamesAmong } from '../onnx/contract.js';
import { type InferenceSession, Tensor } from '../onnx/runtime.js';

interface Layer extends PastNames {
  readonly kvHeads: number;
  readonly headDim: number;
}

type Tensors = Record<string, Tensor>;

/** A sequence of which some tokens have run. */
interface Unfinished {
  /** The number of tokens that have run. */
  tokens: number;
  /**
   * Room for the keys and values of all its tokens, for each layer and twice: a pass reads one and writes the other. New
   * memory for each pass would have to be mapped and zeroed, which takes a tenth of its time.
   */
  readonly rooms: readonly [read: Float32Array, written: Float32Array][];
}

export class Past {
  readonly #layers: readonly Layer[];
  #unfinished: Unfinished | undefined;

  constructor(session: InferenceSession) {
    this.#layers = pastNamesAmong(session.inputNames).map(names => {
      const input = session.inputMetadata.find(({ name }) => name === names.past);
      if (!input?.isTensor) throw new Error(`expected a tensor as the input ${names.past}, found none`);
      const [, kvHeads, , headDim] = input.shape as number[];
      return { ...names, kvHeads: kvHeads!, headDim: headDim! };
    });
  }

  /** Whether the graph runs long sequences in chunks. */
  get isKept(): boolean {
    return this.#layers.length > 0;
  }

  /** The inputs of a pass of `batch` sequences from their first tokens on. */
  none(batch: number): Tensors {
    return this.#tensors('past', batch, 0, () => new Float32Array(0));
  }

  /**
   * The inputs of a pass whose first token is number `start` of a sequence of `length` tokens. Throws if another one is
   * expected.
   */
  before(start: number, length: number): Tensors {
    if (start === 0) {
      const roomOf = ({ kvHeads, headDim }: Layer) => new Float32Array(kvHeads * length * headDim);
      this.#unfinished = { tokens: 0, rooms: this.#layers.map(layer => [roomOf(layer), roomOf(layer)]) };
    }
    const expected = this.#unfinished?.tokens ?? 0;
    if (start !== expected) {
      throw new Error(`expected the token ${expected} of a sequence, found token ${start}`);
    }
    return this.#tensors('past', 1, start, layer => this.#unfinished!.rooms[layer]![0]);
  }

  /** The outputs of the pass that reads `before`, and ends before token `end`. The next pass reads them. */
  keep(end: number): Tensors {
    const { rooms } = this.#unfinished!;
    const outputs = this.#tensors('present', 1, end, layer => rooms[layer]![1]);
    this.#unfinished = { tokens: end, rooms: rooms.map(([read, written]) => [written, read]) };
    return outputs;
  }

  forget(): void {
    this.#unfinished = undefined;
  }

  /** A tensor of so many tokens for each layer, at the start of the layer's room. */
  #tensors(
    which: keyof PastNames,
    batch: number,
    tokens: number,
    roomOf: (layer: number) => Float32Array,
  ): Tensors {
    const tensors = this.#layers.map((layer, i) => {
      const dims = [batch, layer.kvHeads, tokens, layer.headDim];
      const values = roomOf(i).subarray(0, layer.kvHeads * tokens * layer.headDim);
      return [layer[which], new Tensor('float32', values, dims)] as const;
    });
    return Object.fromEntries(tensors);
  }
}
