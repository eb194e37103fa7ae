// Settles everything about a run before its first step: the base, the tokenizer, the labels, the examples and the graph.

import { type Base, openBase } from '../checkpoint/base.js';
import { usableCores } from '../machine/cores.js';
import type { Pooling } from '../model/manifest.js';
import { attentionOf, firstUnmaskedLayer, poolingOf, readoutOf } from '../model/plan.js';
import { readChosenTokenizer } from '../model/tokenizerChoice.js';
import { Tokenizer, type TokenizerDefinition } from '../text/tokenizer.js';
import { newHead, withNewHead } from './base.js';
import { encodeLabelled, type LabelledText, type TrainingExample } from './examples.js';
import type { TrainingGraph } from './graph.js';
import { labelsIn } from './labels.js';
import { loraOf } from './lora.js';
import { checkMemory } from './memory.js';
import type { TrainingData, TrainOptions } from './options.js';
import { type Layout, layoutOf } from './parameters.js';
import { PASS_TOKENS, type WorkerShape, workersFor } from './passes.js';

export interface Setup {
  readonly labels: readonly string[];
  readonly pooling: Pooling | null;
  readonly tokenizer: TokenizerDefinition;
  readonly graph: TrainingGraph;
  readonly layout: Layout;
  readonly workers: WorkerShape;
  readonly examples: readonly TrainingExample[];
  readonly dev: readonly TrainingExample[] | undefined;
  /** What the user should know before the run. */
  readonly notes: readonly string[];
  /** Closes the base's files. */
  close(): void;
}

/** Throws UserError where the base cannot be used or trained, or a text or label does not fit. */
export function setUp(options: TrainOptions, data: TrainingData): Setup {
  const base = openBase(options.base);
  try {
    return setUpOn(base, options, data);
  } catch (error) {
    base.weights.close();
    throw error;
  }
}

function setUpOn(base: Base, options: TrainOptions, data: TrainingData): Setup {
  const { task, maxLength } = options;
  const attention = attentionOf(options, base, task);
  const workers = workersFor(options.batchTokens, usableCores());
  checkMemory(base.decoder, {
    workers: workers.count,
    passTokens: Math.max(PASS_TOKENS, maxLength),
    isEvaluated: data.dev !== undefined,
  });
  const chosen = readChosenTokenizer({ ...options, adapters: [] });
  const labels = options.labels ?? labelsIn(data.train, task);
  const pooling = poolingOf(options, task, attention);
  const head = newHead(task, labels.length);
  const encoder = {
    tokenizer: new Tokenizer(chosen.definition),
    manifest: {
      task,
      pooling,
      maxLength,
      padTokenId: base.head.padTokenId ?? null,
      vocabSize: base.decoder.vocabSize,
    },
  };
  const encode = (texts: readonly LabelledText[]) => texts.map(text => encodeLabelled(encoder, text, labels));
  const examples = encode(data.train);
  const lora = loraOf(base.decoder, options.lora);
  const cut = examples.filter(({ truncated }) => truncated).length;
  return {
    labels,
    pooling,
    tokenizer: chosen.definition,
    graph: {
      decoder: base.decoder,
      weights: withNewHead(base, head),
      head,
      lora,
      readout: readoutOf(pooling),
      loss: data.train.some(({ isMulti }) => isMulti) ? 'multi' : 'single',
      bidirectionalFrom: firstUnmaskedLayer(options, base, attention),
      maxLength,
    },
    layout: layoutOf(lora, head, base.decoder.hiddenSize),
    workers,
    examples,
    dev: data.dev && encode(data.dev),
    notes: [
      ...chosen.notes,
      ...(cut > 0
        ? [`${cut} of ${examples.length} texts have more than ${maxLength} tokens and are cut: --max-length`]
        : []),
    ],
    close: () => base.weights.close(),
  };
}
