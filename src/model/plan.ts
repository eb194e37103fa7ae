// The plan of an export: every option settled, from the request, else from the checkpoint, else by default. Options that
// are missing, contradictory or not supported are refused here.

import type { Adapter } from '../checkpoint/adapter.js';
import type { Base } from '../checkpoint/base.js';
import type { Head } from '../checkpoint/head.js';
import { LM_HEAD } from '../checkpoint/names.js';
import { UserError } from '../errors.js';
import type { Readout } from '../graph/heads.js';
import { PRECISIONS, type PrecisionName } from '../graph/precisionNames.js';
import { readNotation } from '../text/notation.js';
import type { Tokenizer } from '../text/tokenizer.js';
import type { Attention, Manifest, Pooling, ProblemType, Task } from './manifest.js';
import { checkedReading, splitReading } from './reading.js';
import type { DeviceRequest } from './recipe.js';

/** The fields of the manifest that decide what the model computes and how its logits are read. */
export type Plan = Pick<
  Manifest,
  | 'task'
  | 'attention'
  | 'bidirectionalFrom'
  | 'pooling'
  | 'problemType'
  | 'labels'
  | 'scheme'
  | 'decoding'
  | 'precision'
  | 'maxLength'
  | 'padTokenId'
  | 'temperature'
  | 'thresholds'
>;

/**
 * Settles the options of an export. Throws UserError naming an option that is missing, contradicts another, does not fit
 * the checkpoint, or is not supported.
 */
export function planExport(
  request: DeviceRequest,
  base: Base,
  adapters: readonly Adapter[],
  head: Head,
  tokenizer: Tokenizer,
): Plan {
  const isLmHead = head.weight === `${LM_HEAD}.weight`;
  const task = taskOf(request, base, adapters, isLmHead);
  const attention = attentionOf(request, base, task);
  const problemType = problemTypeOf(request, base, head, task);
  const labels = labelsOf(request, base, head, problemType);
  return {
    task,
    attention,
    bidirectionalFrom: firstUnmaskedLayer(request, base, attention),
    pooling: poolingOf(request, task, attention),
    problemType,
    labels,
    ...taggingOf(request, task, labels),
    precision: precisionOf(request.precision),
    maxLength: maxLengthOf(request, base, tokenizer),
    // A language model reads its last token, whichever it is; only transformers' classifiers skip padding by its id.
    padTokenId: isLmHead ? null : (base.head.padTokenId ?? null),
    ...checkedReading(splitReading(request).reading, { task, problemType, labels }),
  };
}

function taskOf(request: DeviceRequest, base: Base, adapters: readonly Adapter[], isLmHead: boolean): Task {
  const task = request.task ?? adapters.findLast(adapter => adapter.config.task)?.config.task;
  if (task) return task;
  const { architecture } = base.head;
  if (architecture?.endsWith('ForSequenceClassification')) return 'sequence';
  if (architecture?.endsWith('ForTokenClassification')) return 'token';
  if (isLmHead) return 'sequence';
  throw new UserError(
    'task: expected it from the adapter (task_type) or the base (architectures), found neither: ' +
      'give --task sequence or --task token (in a recipe: "task")',
  );
}

/** The fields of a request that decide which tokens a token sees. */
type AttentionRequest = Pick<DeviceRequest, 'attention' | 'bidirectionalFrom'>;

/** The attention that is asked for, else that of the base or the task. Throws UserError where none is known. */
export function attentionOf(request: AttentionRequest, base: Base, task: Task): Attention {
  if (request.attention === 'causal' && request.bidirectionalFrom !== undefined) {
    throw new UserError(
      `attention: causal contradicts bidirectionalFrom ${request.bidirectionalFrom}: leave one of them out`,
    );
  }
  if (request.attention) return request.attention;
  if (request.bidirectionalFrom !== undefined) return 'bidirectional';
  if (base.head.architecture?.startsWith('Unmasking')) return 'bidirectional';
  if (task === 'sequence') return 'causal';
  throw new UserError(
    'attention: a checkpoint does not say whether a token classifier was trained with the causal mask or without: ' +
      'give --attention bidirectional (LS-unLLaMA) or --attention causal (in a recipe: "attention")',
  );
}

/** The first layer without the causal mask; the number of layers where every layer has it. */
export function firstUnmaskedLayer(request: AttentionRequest, base: Base, attention: Attention): number {
  const { layers } = base.decoder;
  if (attention === 'causal') return layers;
  const from = request.bidirectionalFrom ?? 0;
  if (from >= layers) {
    throw new UserError(`bidirectionalFrom: expected a layer from 0 to ${layers - 1}, found ${from}`);
  }
  return from;
}

/** The pooling that is asked for, else that of the attention; null for a tagger, of which none may be asked for. */
export function poolingOf(
  request: Pick<DeviceRequest, 'pooling'>,
  task: Task,
  attention: Attention,
): Pooling | null {
  if (task === 'sequence') return request.pooling ?? (attention === 'causal' ? 'last' : 'mean');
  if (request.pooling) {
    throw new UserError(
      `pooling: expected none, found ${request.pooling}: a token classifier labels every word, so leave it out`,
    );
  }
  return null;
}

/** How the head of a model with this pooling reads a batch. */
export function readoutOf(pooling: Pooling | null): Readout {
  return pooling === 'mean' || pooling === 'max' ? pooling : 'rows';
}

function problemTypeOf(request: DeviceRequest, base: Base, head: Head, task: Task): ProblemType {
  const given = request.problemType ?? base.head.problemType();
  const type = given ?? 'single';
  if (type !== 'single' && task === 'token') {
    throw new UserError(
      `problem type: expected single for a token classifier, found ${type}: a word has one label`,
    );
  }
  if (type === 'single' && head.rows === 1) {
    throw new UserError(
      task === 'token'
        ? `${head.weight}: expected two rows or more, one for each label, found one`
        : `problem type: expected binary or regression for the one row of ${head.weight}, found ${given ?? 'none'}: ` +
            'give --problem-type binary where it is the logit of yes, which a sigmoid makes a probability, or ' +
            '--problem-type regression where it is a value, such as a reward (in a recipe: "problemType")',
    );
  }
  if ((type === 'binary' || type === 'regression') && head.rows > 1) {
    throw new UserError(
      `problem type: expected single or multi for the ${head.rows} rows of ${head.weight}, found ${type}, which is for one row: give --problem-type`,
    );
  }
  return type;
}

/** The labels that are asked for, else those of the base. Throws UserError where they do not fit the head, or one stands twice. */
export function labelsOf(
  request: Pick<DeviceRequest, 'labels'>,
  base: Base,
  head: Head,
  problemType: ProblemType,
): string[] {
  const named = request.labels ?? base.head.labels();
  // The name that transformers gives to the row of a regression.
  const labels = named ?? (problemType === 'regression' ? ['LABEL_0'] : undefined);
  if (!labels) {
    throw new UserError(
      problemType === 'binary'
        ? 'labels: expected the labels of no and yes, found none in the base (id2label): give --labels no,yes, ' +
            'or one label for yes (in a recipe: "labels")'
        : `labels: expected one for each of the head's ${head.rows} rows, found none in the base (id2label): ` +
            'give --labels a,b,c or --labels FILE.json, in the order of the rows (in a recipe: "labels")',
    );
  }
  const isPair = problemType === 'binary' && labels.length === 2;
  if (labels.length !== head.rows && !isPair) {
    const orPair = problemType === 'binary' ? ', or two, for no and yes' : '';
    throw new UserError(
      `labels: expected ${head.rows}, one for each row of ${head.weight}${orPair}, found ${labels.length}: ${labels.join(', ')}`,
    );
  }
  const repeated = labels.find((label, row) => labels.indexOf(label) !== row);
  if (repeated !== undefined) {
    throw new UserError(
      `labels: expected each label once, but ${JSON.stringify(repeated)} stands twice: ${labels.join(', ')}`,
    );
  }
  if (labels.includes('')) {
    throw new UserError(`labels: expected no empty label, found one for row ${labels.indexOf('')}`);
  }
  return [...labels];
}

/** What only taggers have: how their labels are written, and how tags are decoded. */
function taggingOf({ decoding }: DeviceRequest, task: Task, labels: readonly string[]) {
  if (task === 'token') return { scheme: readNotation(labels), decoding: decoding ?? 'valid' };
  if (decoding === undefined) return {};
  throw new UserError(
    `decoding: expected none, found ${decoding}: only a token classifier decodes a sequence of tags, so leave it out`,
  );
}

function precisionOf(precision: string): PrecisionName {
  const known = PRECISIONS.find(name => name === precision);
  if (known) return known;
  throw new UserError(
    `precision: expected auto or one of ${PRECISIONS.join(', ')}, found ${JSON.stringify(precision)}`,
  );
}

/**
 * The most tokens that an export is made for. The graph holds tables of positions of this length, so a damaged config
 * could otherwise fill the disk.
 */
const MAX_LENGTH_LIMIT = 2 ** 20;

/** The longest text, in tokens: what is asked for, else what base and tokenizer allow. Throws UserError for more than that. */
export function maxLengthOf(
  request: Pick<DeviceRequest, 'maxLength'>,
  base: Base,
  tokenizer: Tokenizer,
): number {
  const { maxPositions } = base.decoder;
  const length = request.maxLength ?? Math.min(maxPositions, tokenizer.modelMaxLength);
  if (length > maxPositions) {
    throw new UserError(
      `max length: expected at most the base's max_position_embeddings, ${maxPositions}, found ${length}`,
    );
  }
  if (length > MAX_LENGTH_LIMIT) {
    throw new UserError(
      `max length: expected at most ${MAX_LENGTH_LIMIT} tokens, found ${length}: give --max-length`,
    );
  }
  if (length <= tokenizer.specialTokens) {
    throw new UserError(
      `max length: expected more than the ${tokenizer.specialTokens} special tokens around every text, found ${length}`,
    );
  }
  return length;
}
