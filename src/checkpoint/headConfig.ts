// What a base's config.json says of the label head: its labels, and how it is read.

import { UserError } from '../errors.js';
import { isJsonObject, type Json, type JsonObject } from './files.js';

/** What the config says of the label head and its use, all of it optional. */
export interface HeadConfig {
  /** The class transformers would load: LlamaForSequenceClassification, ... */
  readonly architecture: string | undefined;
  /** In the order of the head's rows. */
  readonly labels: readonly string[] | undefined;
  readonly problemType: 'single' | 'multi' | 'regression' | undefined;
  /** A sequence's last token is its rightmost one that is not this, as transformers reads it. */
  readonly padTokenId: number | undefined;
}

/** Reads architectures, id2label, problem_type and pad_token_id. */
export function parseHeadConfig(config: JsonObject, file: string): HeadConfig {
  const architectures = config.architectures;
  const architecture = Array.isArray(architectures) ? architectures[0] : undefined;
  const pad = config.pad_token_id === undefined ? defaultPad(config.model_type) : config.pad_token_id;
  return {
    architecture: typeof architecture === 'string' ? architecture : undefined,
    labels: parseLabels(config.id2label, file),
    problemType: parseProblemType(config.problem_type, file),
    padTokenId: typeof pad === 'number' ? pad : undefined,
  };
}

/** transformers' configuration classes of these families name one where the file does not. */
function defaultPad(modelType: Json | undefined): number | undefined {
  if (modelType === 'phi3') return 32000;
  return typeof modelType === 'string' && modelType.startsWith('gemma') ? 0 : undefined;
}

function parseLabels(id2label: Json | undefined, file: string): string[] | undefined {
  if (id2label == null) return undefined;
  if (!isJsonObject(id2label)) throw new UserError(`${file}: id2label: expected an object of row to label`);
  const count = Object.keys(id2label).length;
  return Array.from({ length: count }, (_, row) => {
    const label = id2label[String(row)];
    if (typeof label !== 'string') {
      throw new UserError(
        `${file}: id2label: expected rows 0 to ${count - 1}, row ${row} is missing or no string`,
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
      `${file}: problem_type: expected one of ${[...PROBLEM_TYPES.keys()].join(', ')}, found ${JSON.stringify(value)}`,
    );
  }
  return known;
}
