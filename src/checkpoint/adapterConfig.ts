// adapter_config.json, as PEFT writes it. Every field that changes the result is used or refused (loraFields.ts).

import { BoundedRegExp } from '../boundedRegExp.js';
import { UserError } from '../errors.js';
import { Fields } from './fields.js';
import type { Json, JsonObject } from './files.js';
import { LORA_FIELDS } from './loraFields.js';

export const ADAPTER_CONFIG = 'adapter_config.json';

export interface LoraConfig {
  /** From `task_type`; undefined where it names another task or none. */
  readonly task: 'sequence' | 'token' | undefined;
  /** `r` and `lora_alpha` for a module, given its name in the trained model. */
  rankOf(module: string): number;
  alphaOf(module: string): number;
  /** Whether alpha is divided by the root of the rank instead of the rank: https://arxiv.org/abs/2312.03732. */
  readonly rankStabilised: boolean;
  /** Whether magnitudes are trained separately from directions (DoRA): https://arxiv.org/abs/2402.09353. */
  readonly dora: boolean;
  /** Whether updates include biases (lora_bias). */
  readonly loraBias: boolean;
  /** Indices of the trained rows of an embedding, by the end of the module's name. */
  readonly tokenIndices: ReadonlyMap<string, readonly number[]>;
  readonly targets: Targets;
}

/** The modules that an adapter changes: target_modules, and the fields that narrow it down. */
export interface Targets {
  /** Ends of module names, or a Python regular expression that matches full names; undefined for no module. */
  readonly modules: readonly string[] | string | undefined;
  readonly exclude: readonly string[] | string | undefined;
  /** Layer numbers, from layers_to_transform; undefined for all. */
  readonly layers: readonly number[] | undefined;
  readonly layersPattern: readonly string[];
  readonly modulesToSave: readonly string[];
}

/**
 * Reads the fields of an adapter_config.json.
 * Throws UserError naming the field that asks for another kind of adapter, or for something that is not supported.
 */
export function parseAdapterConfig(config: JsonObject): LoraConfig {
  const fields = new Fields(config, `${ADAPTER_CONFIG}: `);
  checkFields(config, fields);
  const rank = fields.count('r');
  const alpha = fields.number('lora_alpha');
  const ranks = patternOf(fields, 'rank_pattern');
  const alphas = patternOf(fields, 'alpha_pattern');
  return {
    task: TASKS.get(config.task_type),
    rankOf: module => byPattern(ranks, module) ?? rank,
    alphaOf: module => byPattern(alphas, module) ?? alpha,
    rankStabilised: fields.flag('use_rslora'),
    dora: fields.flag('use_dora'),
    loraBias: fields.flag('lora_bias'),
    tokenIndices: tokenIndices(fields),
    targets: {
      modules: textOrList(fields, 'target_modules'),
      exclude: textOrList(fields, 'exclude_modules'),
      layers: layersOf(fields),
      layersPattern: [textOrList(fields, 'layers_pattern') ?? []].flat(),
      modulesToSave: [textOrList(fields, 'modules_to_save') ?? []].flat(),
    },
  };
}

const TASKS = new Map<unknown, LoraConfig['task']>([
  ['SEQ_CLS', 'sequence'],
  ['TOKEN_CLS', 'token'],
]);

/** Initialisations that leave the base unchanged. The others (PiSSA, OLoRA, CorDA, LoftQ, LoRA-GA) change its weights. */
const NEUTRAL_INITIALISATIONS: Json[] = [true, false, null, 'eva', 'gaussian', 'mica', 'orthogonal'];

function checkFields(config: JsonObject, fields: Fields): void {
  if (config.peft_type !== 'LORA') {
    throw fields.bad('peft_type', '"LORA", the only supported kind of adapter');
  }
  if (!['none', 'all', 'lora_only'].includes(fields.text('bias', 'none'))) {
    throw fields.bad('bias', 'none, all or lora_only');
  }
  if (!NEUTRAL_INITIALISATIONS.includes(config.init_lora_weights ?? null)) {
    throw fields.bad(
      'init_lora_weights',
      'an initialisation that is known to leave the base unchanged (save the adapter again as plain LoRA: ' +
        'save_pretrained(…, path_initial_model_for_weight_conversion=…))',
    );
  }
  for (const [key, value] of Object.entries(config)) {
    const effect = LORA_FIELDS.get(key);
    if (typeof effect === 'string' || isUnset(value)) continue;
    const reason =
      effect?.refused ??
      'this version of lsllama does not know the field: remove it from the file if it only describes the training';
    throw fields.bad(key, `it to be unset, because ${reason}`);
  }
}

/** PEFT writes null, false or an empty value for a field that is not in use. */
function isUnset(value: Json): boolean {
  if (value === null || value === false || value === '') return true;
  return typeof value === 'object' && Object.values(value).every(isUnset);
}

type Pattern = readonly (readonly [RegExp, number])[];

/** A pattern field: values by regular expressions for the ends of module names. The first that matches is used. */
function patternOf(fields: Fields, key: string): Pattern {
  const pattern = fields.object(key);
  if (!pattern) return [];
  return pattern.keys().map(end => {
    return [pythonRegExp(`(.*\\.)?(${end})`, `${ADAPTER_CONFIG}: ${key}`), pattern.number(end)] as const;
  });
}

function byPattern(pattern: Pattern, module: string): number | undefined {
  return pattern.find(([end]) => end.test(module))?.[1];
}

/**
 * A Python regular expression as a JavaScript one that matches full names. Throws UserError, beginning with `field`,
 * where JavaScript cannot read it.
 */
export function pythonRegExp(source: string, field: string): RegExp {
  const translated = source.replaceAll('(?P<', '(?<').replaceAll('\\Z', '$').replaceAll('\\A', '^');
  try {
    return new BoundedRegExp(`^(?:${translated})$`, 'u');
  } catch {
    throw new UserError(
      `${field}: expected a regular expression that JavaScript can read, found ${JSON.stringify(source)}: ` +
        'write the module names out as a list',
    );
  }
}

function textOrList(fields: Fields, key: string): string | string[] | undefined {
  const value = fields.value(key);
  if (value === undefined || typeof value === 'string') return value || undefined;
  if (!Array.isArray(value) || !value.every(item => typeof item === 'string')) {
    throw fields.bad(key, 'a string or a list of strings');
  }
  return value.length > 0 ? (value as string[]) : undefined;
}

function layersOf(fields: Fields): number[] | undefined {
  const value = fields.value('layers_to_transform');
  if (value === undefined) return undefined;
  const layers = Array.isArray(value)
    ? fields.numbers('layers_to_transform')
    : [fields.number('layers_to_transform')];
  return layers.length > 0 ? layers : undefined;
}

/** trainable_token_indices: a list of rows of the input embeddings, or lists by module. */
function tokenIndices(fields: Fields): Map<string, readonly number[]> {
  const key = 'trainable_token_indices';
  const value = fields.value(key);
  if (value === undefined) return new Map();
  if (Array.isArray(value)) return new Map([['embed_tokens', fields.numbers(key)]]);
  const byModule = fields.object(key)!;
  return new Map(byModule.keys().map(module => [module, byModule.numbers(module)]));
}
