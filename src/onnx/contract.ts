// The contract between an exported graph and the engine that runs it: the names, element types and dimensions of the
// graph's inputs and of its output. The graph writer declares them from here, the engine feeds them from here.

/**
 * The dimensions that vary from batch to batch: `tokens`, the rows of all sequences laid end to end; `batch`, the
 * number of sequences; `length`, the tokens of the longest one; `reads`, the rows that the label head reads.
 */
export type BatchDimension = 'tokens' | 'batch' | 'length' | 'reads';

/** Every input that a graph may have; a graph has those that it reads. All are int64. */
export const BATCH_INPUTS = {
  /** The token id of each row. */
  input_ids: ['tokens'],
  /** Each row's position in its own sequence. */
  positions: ['tokens'],
  /** The row in each slot of the attention grid; a padding slot holds row 0. */
  grid_rows: ['batch', 'length'],
  /** The slot of each row, counted through the flattened grid. */
  row_slots: ['tokens'],
  /** The number of tokens of each sequence. */
  lengths: ['batch'],
  /** The rows that the label head reads, where it does not pool. */
  head_rows: ['reads'],
  /** The sequence of each row, for heads that pool. */
  sequence_ids: ['tokens'],
} as const satisfies Record<string, readonly BatchDimension[]>;

export type BatchInputName = keyof typeof BATCH_INPUTS;

/** The files of a model: the graph, and beside it the values of its weights. */
export const MODEL_FILE = 'model.onnx';
export const DATA_FILE = 'model.onnx.data';

/** The graph's only output, float32: [reads, labels], or [batch, labels] where the head pools each sequence. */
export const LOGITS = 'logits';

/**
 * The keys or values of the earlier tokens of a sequence, which a layer of a graph that runs long sequences in chunks
 * reads: float32 [batch, kvHeads, past, headDim]; and those of all tokens so far, which it gives back.
 */
export interface PastNames {
  readonly past: string;
  readonly present: string;
}

const PAST = '.past_';
const PRESENT = '.present_';

/** The keys and the values of the layer `layer`. */
export function pastNamesOf(layer: number): readonly [keys: PastNames, values: PastNames] {
  const names = (what: string): PastNames => ({
    past: `layers.${layer}.self_attn${PAST}${what}`,
    present: `layers.${layer}.self_attn${PRESENT}${what}`,
  });
  return [names('keys'), names('values')];
}

/** The keys and values among the inputs of a graph. There are none unless it runs long sequences in chunks. */
export function pastNamesAmong(inputs: readonly string[]): PastNames[] {
  const pasts = inputs.filter(name => name.includes(PAST));
  return pasts.map(past => ({ past, present: past.replace(PAST, PRESENT) }));
}
