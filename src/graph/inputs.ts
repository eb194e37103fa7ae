// What a decoder is told beside its weights: the batch, and how it is to be read.

import type { Value } from './graph.js';

/** What a batch brings besides its ids. All int64; names as in the graph's inputs. */
export interface BatchInputs {
  /** Token ids, sequence after sequence: [tokens]. */
  readonly ids: Value;
  /** Each row's position in its own sequence: [tokens]. */
  readonly positions: Value;
  /** The row in each slot of the grid; padding slots hold any row: [batch, length]. */
  readonly gridRows: Value;
  /** The slot, counted through the flattened grid, of each row: [tokens]. */
  readonly rowSlots: Value;
  /** Tokens of each sequence: [batch]. */
  readonly lengths: Value;
}

export interface DecoderOptions {
  /** The first layer without the causal mask; `layers` for none. */
  readonly bidirectionalFrom: number;
  /** The longest sequence: how far the rotary tables reach. */
  readonly maxLength: number;
}
