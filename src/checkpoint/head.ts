// The label head: the linear layer that was trained on top of the decoder.

import { UserError } from '../errors.js';
import type { Adapter } from './adapter.js';
import type { Base } from './base.js';
import { canonicalName, HEAD_MODULES, isHead, LM_HEAD } from './names.js';
import type { TensorSource } from './tensors.js';

/** The names of the label head's tensors: its weight [rows, hidden], and its bias [rows] where it has one. */
export interface Head {
  readonly weight: string;
  readonly bias: string | undefined;
  /** The number of labels. */
  readonly rows: number;
}

/**
 * Finds the trained label head in `weights`, the base with its adapters merged in: that of the last adapter that has
 * one, else the base's. Throws UserError where there is none or more than one, or its shape does not fit the base.
 */
export function findHead(weights: TensorSource, base: Base, adapters: readonly Adapter[]): Head {
  const candidates = [...HEAD_MODULES, LM_HEAD];
  const trainedBy = adapters.findLast(({ trained }) =>
    candidates.some(head => trained.has(`${head}.weight`)),
  );
  if (!trainedBy && adapters.some(trainsHead)) throw noHead(base, adapters);
  const names = trainedBy ? trainedBy.trained : base.weights.tensors;
  const modules = candidates.filter(head => names.has(`${head}.weight`) && isLabelHead(head, weights, base));
  if (modules.length !== 1) {
    throw modules.length > 1
      ? new UserError(
          `${trainedBy?.name ?? base.weights.name}: expected one label head, found both ${modules.join(' and ')}`,
        )
      : noHead(base, adapters);
  }
  const weight = `${modules[0]}.weight`;
  const bias = `${modules[0]}.bias`;
  const { shape } = weights.tensors.get(weight)!;
  if (shape.length !== 2 || shape[1] !== base.decoder.hiddenSize) {
    throw new UserError(
      `${weight}: expected [labels, ${base.decoder.hiddenSize}], found [${shape.join(', ')}] in ${trainedBy?.source.name ?? base.weights.name}`,
    );
  }
  return { weight, bias: weights.tensors.has(bias) ? bias : undefined, rows: shape[0]! };
}

/** An lm_head is a label head only where it has fewer rows than the vocabulary: see leftAside.ts. */
function isLabelHead(head: string, weights: TensorSource, { decoder }: Base): boolean {
  return head !== LM_HEAD || weights.tensors.get(`${LM_HEAD}.weight`)!.shape[0]! < decoder.vocabSize;
}

/** Whether the adapter was trained together with a head, as PEFT does for these tasks. Its file has to hold the head. */
function trainsHead({ config }: Adapter): boolean {
  return config.task !== undefined || config.targets.modulesToSave.some(isHead);
}

/** transformers would make a new head with random weights: https://github.com/huggingface/transformers/issues/26160. */
function noHead(base: Base, adapters: readonly Adapter[]): UserError {
  if (adapters.length === 0) {
    return new UserError(
      `${base.weights.name}: expected a label head, score or classifier, found none: give an adapter that has one, or a base that is a classifier`,
    );
  }
  const lmHead = adapters
    .flatMap(({ source }) => [...source.tensors.values()])
    .find(({ name }) => canonicalName(name) === `${LM_HEAD}.weight`);
  const others = lmHead
    ? `, only an lm_head of [${lmHead.shape.join(', ')}], which has a row for each token (to use some of its rows as a label head, save those rows alone)`
    : '';
  return new UserError(
    `adapter ${adapters.map(adapter => adapter.name).join(', ')}: holds no trained head (score or classifier)${others}, ` +
      'so its predictions would be random: train it with modules_to_save=["score"] and save it again',
  );
}
