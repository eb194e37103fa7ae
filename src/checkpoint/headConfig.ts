// The fields of a base's config.json that describe its label head: its labels, and how its logits are read.

import { UserError } from '../errors.js';
import { type Json, type JsonObject, shown } from './files.js';
import { parseId2label } from './labels.js';

/**
 * All fields are optional; undefined stands for a field that the config does not have. Fields that the user can give
 * instead are functions: they throw UserError for an unexpected value, which does not matter where the user gives one.
 */
export interface HeadConfig {
  /** The class that transformers loads the model with: LlamaForSequenceClassification, … */
  readonly architecture: string | undefined;
  /** Labels in the order of the head's rows. */
  labels(): readonly string[] | undefined;
  problemType(): 'single' | 'multi' | 'regression' | undefined;
  /** Last-token pooling takes the rightmost token that is not this one, as in transformers. */
  readonly padTokenId: number | undefined;
}

/**
 * Reads architectures, id2label, problem_type and pad_token_id. `file` names the config in errors. `text` is the config
 * of the text part of a multimodal model, from which transformers takes pad_token_id alone.
 */
export function parseHeadConfig(config: JsonObject, file: string, text = config): HeadConfig {
  const architectures = config.architectures;
  const architecture = Array.isArray(architectures) ? architectures[0] : undefined;
  const pad = text.pad_token_id === undefined ? defaultPad(text.model_type) : text.pad_token_id;
  return {
    architecture: typeof architecture === 'string' ? architecture : undefined,
    labels: () => (config.id2label == null ? undefined : parseId2label(config.id2label, `${file}: id2label`)),
    problemType: () => parseProblemType(config.problem_type, file),
    padTokenId: typeof pad === 'number' ? pad : undefined,
  };
}

/** The pad_token_id that transformers' configuration classes have by default; most families have none. */
const DEFAULT_PADS = new Map<string, number>([
  ['phi3', 32_000],
  ['smollm3', 128_004],
  ['olmo2', 1],
  ['cohere2', 0],
]);

function defaultPad(modelType: Json | undefined): number | undefined {
  if (typeof modelType !== 'string') return undefined;
  return modelType.startsWith('gemma') ? 0 : DEFAULT_PADS.get(modelType);
}

type ConfigProblemType = ReturnType<HeadConfig['problemType']>;

const PROBLEM_TYPES = new Map<unknown, ConfigProblemType>([
  ['single_label_classification', 'single'],
  ['multi_label_classification', 'multi'],
  ['regression', 'regression'],
]);

function parseProblemType(value: Json | undefined, file: string): ConfigProblemType {
  if (value == null) return undefined;
  const known = PROBLEM_TYPES.get(value);
  if (!known) {
    throw new UserError(
      `${file}: problem_type: expected one of ${[...PROBLEM_TYPES.keys()].join(', ')}, found ${shown(value)}`,
    );
  }
  return known;
}
