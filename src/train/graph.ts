// The graph of a training step: the decoder and its head with LoRA beside its linear layers, the loss of a batch, and the
// loss's gradients with respect to everything that is trained. What is trained are inputs of the graph, so that one
// session runs every step; the frozen base is in the data file.

import { join } from 'node:path';
import type { DecoderConfig } from '../checkpoint/config.js';
import type { Head } from '../checkpoint/head.js';
import type { TensorSource } from '../checkpoint/tensors.js';
import { addGradients } from '../gradient/gradients.js';
import { decoder } from '../graph/decoder.js';
import { Graph, type Value } from '../graph/graph.js';
import { labelHead, type Readout, rowReader } from '../graph/heads.js';
import { batchInput, batchInputs } from '../graph/inputs.js';
import { norm } from '../graph/norm.js';
import { float32, type Precision, type ScaledRows } from '../graph/precision.js';
import { Weights } from '../graph/weights.js';
import { LOGITS, MODEL_FILE } from '../onnx/contract.js';
import { ELEMENT_TYPES } from '../onnx/elementTypes.js';
import type { Lora } from './lora.js';
import { addLoss, type LossKind } from './loss.js';
import { dropoutMaskOf, gradientOf } from './names.js';
import { layoutOf } from './parameters.js';

export interface TrainingGraph {
  readonly decoder: DecoderConfig;
  /** The frozen weights, and the head's initial ones for their shapes. */
  readonly weights: TensorSource;
  readonly head: Head;
  readonly lora: Lora;
  readonly readout: Readout;
  readonly loss: LossKind;
  readonly bidirectionalFrom: number;
  readonly maxLength: number;
}

export interface GraphWriting {
  /** Without gradients, dropout and loss are left out as well: the graph gives the logits alone, for evaluation. */
  readonly withGradients: boolean;
  readonly version: string;
  /** Bytes. */
  readonly onProgress: (done: number, total: number) => void;
}

/**
 * Writes the graph of a step into `folder`.
 * Throws UserError where a weight is missing or of another shape.
 */
export async function writeTrainingGraph(
  folder: string,
  { decoder: config, weights: source, head, lora, readout, loss, ...options }: TrainingGraph,
  { withGradients, version, onProgress }: GraphWriting,
): Promise<void> {
  const graph = new Graph(join(folder, MODEL_FILE));
  const headTensors = [head.weight, ...(head.bias ? [head.bias] : [])];
  const weights = new TrainedWeights(source, new Set(headTensors));
  const ids = batchInput(graph, 'input_ids');
  const batch = batchInputs(graph);
  const frozen = float32(graph, weights);
  const precision = withLora(
    { graph, weights, layers: config.layers },
    frozen,
    withGradients ? lora : { ...lora, dropout: 0 },
  );
  const context = { graph, weights, precision, config, batch, options };
  const hidden = decoder(context, ids, rowReader(graph, readout));
  labelHead(context, head, norm(context, hidden, 'norm'), readout);
  if (withGradients) {
    const known = addLoss(graph, LOGITS, loss, readout === 'rows' ? 'reads' : 'batch', head.rows);
    const layout = layoutOf(lora, head, config.hiddenSize);
    // Padding in the grid of attention repeats a row. It has no gradient, because attention does not see it.
    const inverses = new Map([[batch.gridRows, batch.rowSlots]]);
    const gradients = addGradients(graph, new Map([[LOGITS, known]]), [...layout.keys()], inverses);
    for (const [tensor, shape] of layout) {
      graph.output(graph.node(gradientOf(tensor), 'Identity', [gradients.get(tensor)!]), 'float32', shape);
    }
  }
  let done = 0;
  await graph.finish(version, bytes => {
    done += bytes;
    onProgress(done, graph.weightBytes);
  });
}

/** Weights of which some are inputs of the graph. */
class TrainedWeights extends Weights {
  readonly #source: TensorSource;
  readonly #trained: ReadonlySet<string>;

  constructor(source: TensorSource, trained: ReadonlySet<string>) {
    super(source);
    this.#source = source;
    this.#trained = trained;
  }

  override write(...[graph, name, storage, offset]: Parameters<Weights['write']>): Value {
    if (!this.#trained.has(name)) return super.write(graph, name, storage, offset);
    return graph.input(name, 'float32', this.#source.tensors.get(name)!.shape);
  }
}

/** Linear layers as they are in `frozen`, plus scale * dropout(x) A^T B^T where a module has LoRA. */
function withLora(
  { graph, weights, layers }: { graph: Graph; weights: Weights; layers: number },
  frozen: Precision,
  lora: Lora,
): Precision {
  const adapted = new Set(lora.modules);
  // The values that dropout keeps are larger, so that their mean stays.
  const scale = lora.scale / (1 - lora.dropout);
  const update = ({ values }: ScaledRows, module: string) => {
    const width = weights.width(`${module}.weight`);
    const input = lora.dropout > 0 ? dropped(values, module, width) : values;
    const a = graph.input(lora.a(module), 'float32', lora.shapeOf(lora.a(module))!);
    const b = graph.input(lora.b(module), 'float32', lora.shapeOf(lora.b(module))!);
    const reduced = graph.node(`${module}.lora_A`, 'Gemm', [input, a], {
      transB: 1,
      alpha: { float: scale },
    });
    return graph.node(`${module}.lora_B`, 'Gemm', [reduced, b], { transB: 1 });
  };
  const dropped = (values: Value, module: string, width: number) => {
    const mask = ownRows(graph.input(dropoutMaskOf(module), 'bool', ['tokens', width]), values, module);
    // Where, which takes the mask as it is, takes three times as long as a product.
    const kept = graph.node(`${module}.kept`, 'Cast', [mask], { to: ELEMENT_TYPES.float32 });
    return graph.node(`${module}.dropped`, 'Mul', [values, kept]);
  };
  /** The mask of as many rows as there are: after attention, the last layer has only those that the head reads. */
  const ownRows = (mask: Value, values: Value, module: string) => {
    if (!module.startsWith(`layers.${layers - 1}.`)) return mask;
    const rows = graph.node(`${module}.rows`, 'Shape', [values], { end: 1 });
    return graph.node(`${module}.own_mask`, 'Slice', [mask, start, rows]);
  };
  const start = graph.constant('lora.start', [1], BigInt64Array.of(0n));
  return {
    ...frozen,
    linear(x, modules) {
      return frozen.linear(x, modules).map(({ values }, i) => {
        const module = modules[i]!;
        if (!adapted.has(module)) return { values };
        return { values: graph.node(`${module}.adapted`, 'Add', [values, update(x, module)]) };
      });
    },
  };
}
