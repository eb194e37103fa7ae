// The fields of a base's config.json that describe its label head: its labels, and how its logits are read.

import { UserError } from '../errors.js';
import { isJsonObject, type Json, type JsonObject, shown } from './files.js';

/** All fields are optional; undefined stands for a field that the config does not have. */
export interface HeadConfig {
  /** The class that transformers loads the model with: LlamaForSequenceClassification, … */
  readonly architecture: string | undefined;
  /** Labels in the order of the head's rows. */
  readonly labels: readonly string[] | undefined;
  readonly problemType: 'single' | 'multi' | 'regression' | undefined;
  /** Last-token pooling takes the rightmost token that is not this one, as in transformers. */
  readonly padTokenId: number | undefined;
}

/**
 * Reads architectures, id2label, problem_type and pad_token_id. `file` names the config in errors. `text` is the config
 * of the text part of a multimodal model, from which transformers takes pad_token_id alone.
 * Throws UserError where id2label or problem_type has an unexpected value.
 */
export function parseHeadConfig(config: JsonObject, file: string, text = config): HeadConfig {
  const architectures = config.architectures;
  const architecture = Array.isArray(architectures) ? architectures[0] : undefined;
  const pad = text.pad_token_id === undefined ? defaultPad(text.model_type) : text.pad_token_id;
  return {
    architecture: typeof architecture === 'string' ? architecture : undefined,
    labels: parseLabels(config.id2label, file),
    problemType: parseProblemType(config.problem_type, file),
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

function parseLabels(id2label: Json | undefined, file: string): string[] | undefined {
  if (id2label == null) return undefined;
  if (!isJsonObject(id2label)) {
    throw new UserError(`${file}: id2label: expected an object of labels by row, found ${shown(id2label)}`);
  }
  const count = Object.keys(id2label).length;
  return Array.from({ length: count }, (_, row) => {
    const label = id2label[String(row)];
    if (typeof label !== 'string') {
      throw new UserError(
        `${file}: id2label: expected a string for each row from 0 to ${count - 1}, found ${shown(label)} for row ${row}`,
      );
    }
    return label;
  });
}

const PROBLEM_TYPES = new Map<unknown, HeadConfig['problemType']>([
  ['single_label_classification', 'single'],
  ['multi_label_classification', 'multi'],
  ['regression', 'regression'],
]);

function parseProblemType(value: Json | undefined, file: string): HeadConfig['problemType'] {
  if (value == null) return undefined;
  const known = PROBLEM_TYPES.get(value);
  if (!known) {
    throw new UserError(
      `${file}: problem_type: expected one of ${[...PROBLEM_TYPES.keys()].join(', ')}, found ${shown(value)}`,
    );
  }
  return known;
}
