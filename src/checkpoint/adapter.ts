// A PEFT LoRA adapter: which modules it changes, by how much, and what it trained whole (the label head).

import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { UserError } from '../errors.js';
import { canonicalName, isPickle, PICKLE_HELP } from './base.js';
import { type Json, type JsonObject, readJsonObject } from './files.js';
import { openSafetensors } from './safetensors.js';
import type { TensorSource } from './tensors.js';

const CONFIG = 'adapter_config.json';
const WEIGHTS = 'adapter_model.safetensors';

/** W' = W + scale * B A, with A [rank, in] and B [out, rank]: https://arxiv.org/abs/2106.09685 eq. 3. */
export interface LowRankUpdate {
  readonly a: string;
  readonly b: string;
  readonly rank: number;
  readonly scale: number;
}

export interface Adapter {
  readonly name: string;
  readonly folder: string;
  /** From the adapter's `task_type`. */
  readonly task: 'sequence' | 'token' | undefined;
  /** By canonical module name: `layers.0.self_attn.q_proj`. */
  readonly updates: ReadonlyMap<string, LowRankUpdate>;
  /** Tensors trained whole, by canonical tensor name (`score.weight`), to their name in `source`. */
  readonly trained: ReadonlyMap<string, string>;
  /** Whether a module that is changed in one layer has to be changed in every layer. */
  readonly everyLayer: boolean;
  readonly source: TensorSource;
}

/** Opens an adapter folder. Throws UserError for what is missing, pickled, or not plain LoRA. */
export function openAdapter(folder: string): Adapter {
  const name = basename(folder);
  if (!existsSync(folder)) throw new UserError(`adapter ${folder}: no such folder`);
  const config = readJsonObject(join(folder, CONFIG));
  checkFields(config);
  if (!existsSync(join(folder, WEIGHTS))) {
    const pickled = readdirSync(folder).find(isPickle);
    throw new UserError(
      `adapter ${name}: expected ${WEIGHTS}${pickled ? `, found ${pickled}. ${PICKLE_HELP}` : ', found none'}`,
    );
  }
  const source = openSafetensors(join(folder, WEIGHTS));
  try {
    const everyLayer = targetsEveryLayer(config);
    return { name, folder, task: taskOf(config), ...sortTensors(config, source), everyLayer, source };
  } catch (error) {
    source.close();
    throw error;
  }
}

/** The files that decide what an adapter computes, for its identity. */
export function adapterFiles(folder: string): string[] {
  return [join(folder, CONFIG), join(folder, WEIGHTS)];
}

/** Fields that are read here, or that only tell how training went. */
const UNDERSTOOD = new Set([
  'peft_type',
  'task_type',
  'r',
  'lora_alpha',
  'use_rslora',
  'bias',
  'target_modules',
  'modules_to_save',
  'exclude_modules',
  'layers_to_transform',
  'layers_pattern',
  'base_model_name_or_path',
  'revision',
  'auto_mapping',
  'inference_mode',
  'lora_dropout',
  'init_lora_weights',
  'peft_version',
  'megatron_core',
  'qalora_group_size',
]);

/** Initialisations that leave the base as it is; the others (PiSSA, OLoRA, CorDA, LoftQ) subtract from it. */
const HARMLESS_INITIALISATIONS: Json[] = [true, false, 'gaussian', 'orthogonal', 'eva', null];

function checkFields(config: JsonObject): void {
  const refuse = (key: string, expected: string) =>
    new UserError(`${CONFIG}: ${key}: expected ${expected}, found ${JSON.stringify(config[key])}`);
  if (config.peft_type !== 'LORA') throw refuse('peft_type', '"LORA"');
  if ((config.bias ?? 'none') !== 'none') throw refuse('bias', '"none"');
  if (!HARMLESS_INITIALISATIONS.includes(config.init_lora_weights ?? null)) {
    throw refuse(
      'init_lora_weights',
      'one that leaves the base unchanged (convert the adapter to plain LoRA with PEFT)',
    );
  }
  for (const [key, value] of Object.entries(config)) {
    if (!UNDERSTOOD.has(key) && !isUnset(value)) throw refuse(key, 'it unset: what it does is not supported');
  }
}

/** Null, false and empty are how PEFT writes a field that is not in use. */
function isUnset(value: Json): boolean {
  if (value === null || value === false || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function taskOf(config: JsonObject): Adapter['task'] {
  switch (config.task_type) {
    case 'SEQ_CLS':
      return 'sequence';
    case 'TOKEN_CLS':
      return 'token';
    default:
      return undefined;
  }
}

/** Keys are `base_model.model.<module>.lora_A.weight`, in older PEFT `….lora_A.default.weight`. */
const LOW_RANK = /^(.+)\.lora_(A|B)(?:\.default)?\.weight$/;
/** A module trained whole: `<module>.weight`, or `<module>.modules_to_save[.default].weight`. */
const TRAINED = /^(.+?)(?:\.modules_to_save(?:\.default)?)?\.(weight|bias)$/;

function sortTensors(config: JsonObject, source: TensorSource): Pick<Adapter, 'updates' | 'trained'> {
  const pairs = new Map<string, { A?: string; B?: string }>();
  const trained = new Map<string, string>();
  for (const key of source.tensors.keys()) {
    const inner = canonicalName(key.replace(/^base_model\.model\./, ''));
    const lowRank = LOW_RANK.exec(inner);
    const whole = TRAINED.exec(inner);
    if (lowRank) {
      const [, module, half] = lowRank as unknown as [string, string, 'A' | 'B'];
      pairs.set(module, { ...pairs.get(module), [half]: key });
    } else if (whole && !inner.includes('lora_') && !inner.includes('original_module')) {
      trained.set(`${whole[1]}.${whole[2]}`, key);
    } else if (!inner.includes('.original_module.')) {
      throw new UserError(`${WEIGHTS}: ${key}: not a tensor of a plain LoRA adapter`);
    }
  }
  const updates = new Map<string, LowRankUpdate>();
  for (const [module, pair] of pairs) updates.set(module, lowRankUpdate(config, source, module, pair));
  return { updates, trained };
}

function lowRankUpdate(
  config: JsonObject,
  source: TensorSource,
  module: string,
  { A: a, B: b }: { A?: string; B?: string },
): LowRankUpdate {
  if (!a || !b) throw new UserError(`${WEIGHTS}: ${module}: expected lora_A and lora_B, found one of them`);
  const alpha = config.lora_alpha;
  if (typeof alpha !== 'number') throw new UserError(`${CONFIG}: lora_alpha: expected a number`);
  const rank = source.tensors.get(a)!.shape[0] ?? 0;
  if (rank !== config.r) {
    throw new UserError(
      `${WEIGHTS}: ${a}: expected rank ${JSON.stringify(config.r)} (${CONFIG}: r), found ${rank}`,
    );
  }
  return { a, b, rank, scale: alpha / (config.use_rslora === true ? Math.sqrt(rank) : rank) };
}

/** A list of bare module names, with nothing to narrow it, means those modules in every layer. */
function targetsEveryLayer(config: JsonObject): boolean {
  const targets = config.target_modules;
  const narrowed = config.layers_to_transform != null || config.exclude_modules != null;
  return !narrowed && Array.isArray(targets) && targets.every(target => !String(target).includes('.'));
}
