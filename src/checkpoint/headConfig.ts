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

/** Reads architectures, id2label, problem_type and pad_token_id. `file` names the config in errors. */
export function parseHeadConfig(config: JsonObject, file: string): HeadConfig {
  const architectures = config.architectures;
  const architecture = Array.isArray(architectures) ? architectures[0] : undefined;
  const pad = config.pad_token_id === undefined ? defaultPad(config.model_type) : config.pad_token_id;
  return {
    architecture: typeof architecture === 'string' ? architecture : undefined,
    labels: () => (config.id2label == null ? undefined : parseId2label(config.id2label, `${file}: id2label`)),
    problemType: () => parseProblemType(config.problem_type, file),
    padTokenId: typeof pad === 'number' ? pad : undefined,
  };
}

/** The pad_token_id that transformers' configuration classes have by default; most families have none. */
function defaultPad(modelType: Json | undefined): number | undefined {
  if (modelType === 'phi3') return 32000;
  return typeof modelType === 'string' && modelType.startsWith('gemma') ? 0 : undefined;
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
