// The label head: the linear layer that was trained on top of the decoder.

import { UserError } from '../errors.js';
import type { Adapter } from './adapter.js';
import type { Base } from './base.js';
import type { TensorSource } from './tensors.js';

/** The names of the label head in transformers and in the LS-LLaMA training code. */
const HEAD_MODULES = ['score', 'classifier'];

/** The names of the label head's tensors: its weight [rows, hidden], and its bias [rows] where it has one. */
export interface Head {
  readonly weight: string;
  readonly bias: string | undefined;
  /** The number of labels. */
  readonly rows: number;
}

/** Whether a module has the name of a label head. */
export function isHead(module: string): boolean {
  return HEAD_MODULES.includes(module);
}

/**
 * Finds the trained label head in `weights`, the base with its adapters merged in: that of the last adapter that has
 * one, else the base's. Throws UserError where there is none or more than one, or its shape does not fit the base.
 */
export function findHead(weights: TensorSource, base: Base, adapters: readonly Adapter[]): Head {
  const trainedBy = adapters.findLast(adapter =>
    HEAD_MODULES.some(head => adapter.trained.has(`${head}.weight`)),
  );
  if (!trainedBy && adapters.some(trainsHead)) throw noHead(base, adapters);
  const names = trainedBy ? trainedBy.trained : base.weights.tensors;
  const modules = HEAD_MODULES.filter(head => names.has(`${head}.weight`));
  if (modules.length !== 1) {
    throw modules.length > 1
      ? new UserError(
          `${trainedBy?.name ?? base.weights.name}: expected one label head, found both score and classifier`,
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
  return new UserError(
    `adapter ${adapters.map(adapter => adapter.name).join(', ')}: holds no trained head (score or classifier), ` +
      'so its predictions would be random: train it with modules_to_save=["score"] and save it again',
  );
}
