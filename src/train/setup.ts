// Settles everything about a run before its first step: the base, the tokenizer, the labels, the examples and the graph.

import { type Base, openBase } from '../checkpoint/base.js';
import { UserError } from '../errors.js';
import { usableCores } from '../machine/cores.js';
import type { Pooling } from '../model/manifest.js';
import {
  attentionOf,
  firstUnmaskedLayer,
  labelsOf,
  maxLengthOf,
  poolingOf,
  readoutOf,
} from '../model/plan.js';
import { readChosenTokenizer } from '../model/tokenizerChoice.js';
import { withSpacedWords } from '../text/spacedWords.js';
import { Tokenizer, type TokenizerDefinition } from '../text/tokenizer.js';
import { newHead, withNewHead } from './base.js';
import { encodeLabelled, type LabelledText, type TrainingExample } from './examples.js';
import type { TrainingGraph } from './graph.js';
import { labelsIn } from './labels.js';
import { loraOf } from './lora.js';
import type { LossKind } from './loss.js';
import { checkMemory } from './memory.js';
import type { TrainingData, TrainOptions } from './options.js';
import { type Layout, layoutOf, sizeOf } from './parameters.js';
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
  const { task, batchTokens } = options;
  const attention = attentionOf(options, base, task);
  const pooling = poolingOf(options, task, attention);
  const { definition, notes } = tokenizerOf(options);
  const tokenizer = new Tokenizer(definition);
  const maxLength = maxLengthOf(options, base, tokenizer);
  const loss = lossOf(data);
  const named = options.labels ?? labelsIn(data.train, task);
  checkCount(named, loss);
  const head = newHead(task, named.length);
  const labels = labelsOf({ labels: named }, base, head, loss);
  const lora = loraOf(base.decoder, options.lora);
  const layout = layoutOf(lora, head, base.decoder.hiddenSize);
  const workers = workersFor(batchTokens, usableCores());
  checkMemory(base.decoder, {
    workers: workers.count,
    passTokens: Math.max(PASS_TOKENS, maxLength),
    maxLength,
    trainedValues: sizeOf(layout),
    isEvaluated: data.dev !== undefined,
  });
  const encoder = {
    tokenizer,
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
  const dev = data.dev && encode(data.dev);
  return {
    labels,
    pooling,
    tokenizer: definition,
    graph: {
      decoder: base.decoder,
      weights: withNewHead(base, head),
      head,
      lora,
      readout: readoutOf(pooling),
      loss,
      bidirectionalFrom: firstUnmaskedLayer(options, base, attention),
      maxLength,
    },
    layout,
    workers,
    examples,
    dev,
    notes: [
      ...notes,
      ...cutNotes('', examples, maxLength),
      ...(dev ? cutNotes(' of --dev', dev, maxLength) : []),
    ],
    close: () => base.weights.close(),
  };
}

/**
 * The tokenizer of the adapter, and a line for the user where it is not that of the base: a tagger's words should have the
 * tokens that they have in texts. A tokenizer that the user names is taken as it is.
 */
function tokenizerOf(options: TrainOptions): { definition: TokenizerDefinition; notes: string[] } {
  const { definition } = readChosenTokenizer({ ...options, adapters: [] });
  const spaced =
    options.task === 'token' && options.tokenizer === undefined ? withSpacedWords(definition) : definition;
  if (spaced === definition) return { definition, notes: [] };
  return {
    definition: spaced,
    notes: [
      'words get a space before them, as in texts: the tokenizer of the adapter has it, that of the base does not',
    ],
  };
}

/** Several labels where a line of the training data may have them. Throws UserError where only one of --dev may. */
function lossOf({ train, dev = [] }: TrainingData): LossKind {
  if (train.some(({ isMulti }) => isMulti)) return 'multi';
  const several = dev.find(({ isMulti }) => isMulti);
  if (several) {
    throw new UserError(
      `${several.where}: expected "label", as each text of the training data has one, found "labels"`,
    );
  }
  return 'single';
}

/** Throws UserError where there is nothing to tell apart. */
function checkCount(labels: readonly string[], loss: LossKind): void {
  const least = loss === 'single' ? 2 : 1;
  if (labels.length >= least) return;
  throw new UserError(`labels: expected ${least} or more, found ${labels.join(', ') || 'none'}`);
}

/** A line for the user where texts are too long. */
function cutNotes(where: string, examples: readonly TrainingExample[], maxLength: number): string[] {
  const cut = examples.filter(({ truncated }) => truncated).length;
  if (cut === 0) return [];
  return [
    `${cut} of ${examples.length} texts${where} have more than ${maxLength} tokens and are cut: --max-length`,
  ];
}
