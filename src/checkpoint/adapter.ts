// A PEFT LoRA adapter: the low-rank updates that it makes to modules, and the tensors that it trained in full, such as
// the label head.

import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { UserError } from '../errors.js';
import { ADAPTER_CONFIG, type LoraConfig, parseAdapterConfig } from './adapterConfig.js';
import { isPickle, PICKLE_HELP } from './base.js';
import { readJsonObject } from './files.js';
import { canonicalName, LM_HEAD, unwrappedName } from './names.js';
import { openSafetensors } from './safetensors.js';
import type { TensorSource } from './tensors.js';

/** The file of an adapter's tensors. */
export const WEIGHTS = 'adapter_model.safetensors';

/**
 * W' = W + scale * B A, with A [rank, in] and B [out, rank]: https://arxiv.org/abs/2106.09685 eq. 3.
 * The update of an embedding [vocabulary, hidden] is stored transposed: A is [rank, vocabulary] and B [hidden, rank].
 */
export interface LowRankUpdate {
  /** The module's name in the trained model, without wrappers: `model.layers.0.self_attn.q_proj`. */
  readonly module: string;
  readonly kind: 'linear' | 'embedding';
  /** The names of A and B in the adapter's source. */
  readonly a: string;
  readonly b: string;
  /** The name of the vector [out] that is scaled and added to the module's bias (lora_bias). */
  readonly bias: string | undefined;
  /** The name of DoRA's magnitudes: the length of each row of W' [out], or of each column [hidden] of an embedding. */
  readonly magnitude: string | undefined;
  readonly rank: number;
  readonly scale: number;
}

/** Rows of an embedding that were trained: row `i` of the tensor `rows` replaces row `indices[i]`. */
export interface TrainedRows {
  readonly indices: readonly number[];
  readonly rows: string;
}

export interface Adapter {
  readonly name: string;
  readonly folder: string;
  readonly config: LoraConfig;
  /** By canonical module name: `layers.0.self_attn.q_proj`. */
  readonly updates: ReadonlyMap<string, LowRankUpdate>;
  /** Tensors trained in full: their names in `source` by canonical tensor name, such as `score.weight`. */
  readonly trained: ReadonlyMap<string, string>;
  /** By canonical tensor name: `embed_tokens.weight`. */
  readonly trainedRows: ReadonlyMap<string, TrainedRows>;
  readonly source: TensorSource;
}

/** Opens an adapter folder. Throws UserError where it is missing, incomplete, pickled or not LoRA. */
export function openAdapter(path: string): Adapter {
  const folder = adapterFolder(path);
  const name = basename(folder);
  const config = parseAdapterConfig(readJsonObject(join(folder, ADAPTER_CONFIG)));
  if (!existsSync(join(folder, WEIGHTS))) {
    const pickled = readdirSync(folder).find(isPickle);
    throw new UserError(
      `adapter ${name}: expected ${WEIGHTS}${pickled ? `, found ${pickled}. ${PICKLE_HELP}` : ', found none'}`,
    );
  }
  const source = openSafetensors(join(folder, WEIGHTS));
  try {
    return { name, folder, config, ...groupTensors(config, source), source };
  } catch (error) {
    source.close();
    throw error;
  }
}

/** The files that decide what an adapter computes; its identity is the hash of them. */
export function adapterFiles(path: string): string[] {
  const folder = adapterFolder(path);
  return [join(folder, ADAPTER_CONFIG), join(folder, WEIGHTS)];
}

/**
 * The folder that holds the adapter's files: `path` itself, or its only subfolder with them, as PEFT writes a named
 * adapter. Throws UserError where there is no adapter or more than one.
 */
export function adapterFolder(path: string): string {
  if (!existsSync(path)) {
    throw new UserError(
      `adapter ${path}: no such folder: expected the folder that PEFT saved, with ${ADAPTER_CONFIG} and ${WEIGHTS}`,
    );
  }
  if (!statSync(path).isDirectory())
    throw new UserError(`adapter ${basename(path)}: expected a folder, found a file`);
  if (existsSync(join(path, ADAPTER_CONFIG))) return path;
  const named = readdirSync(path, { withFileTypes: true })
    .filter(entry => entry.isDirectory() && existsSync(join(path, entry.name, ADAPTER_CONFIG)))
    .map(entry => entry.name);
  if (named.length === 1) return join(path, named[0]!);
  throw new UserError(
    named.length > 1
      ? `adapter ${basename(path)}: expected one adapter, found ${named.length}; give one of them: ${named.join(', ')}`
      : `adapter ${basename(path)}: expected the folder that PEFT saved, with ${ADAPTER_CONFIG} and ${WEIGHTS}, found no ${ADAPTER_CONFIG}`,
  );
}

/** `<module>.lora_A.weight`. */
const LOW_RANK = /^(.+)\.lora_(A|B|embedding_A|embedding_B|magnitude_vector)(?:\.(weight|bias))?$/;
/**
 * A tensor of a module trained in full: `<module>.weight`, or `<module>.base_layer.weight` where the module has a
 * low-rank update as well.
 */
const TRAINED = /^(.+?)(?:(?:\.token_adapter)?\.base_layer)?\.(weight|bias)$/;
/** What VeLoRA and MonteCLoRA keep of their training: projections for gradients, and the noise that was added to A. */
const TRAINING_ONLY = /\.lora_(velora_embed|monteclora_sampler)\b/;
const TRAINED_ROWS = /^(.+?)(?:\.token_adapter)?\.trainable_tokens_delta$/;

/** PEFT may write the trained tables of tokens twice, as modules_to_save and as embeddings, with the same values. */
const TABLES = ['embed_tokens.weight', `${LM_HEAD}.weight`];

type AdapterTensors = Pick<Adapter, 'updates' | 'trained' | 'trainedRows'>;

/**
 * Groups the file's tensors by their role. Throws UserError for a tensor that no LoRA adapter has, and for two tensors
 * of the same module and role.
 */
function groupTensors(config: LoraConfig, source: TensorSource): AdapterTensors {
  const lowRankTensors = new Map<string, Map<string, string>>();
  const trained = new Map<string, string>();
  const trainedRows = new Map<string, TrainedRows>();
  const keys = new Map<string, string>();
  const claim = (tensor: string, key: string) => {
    const other = keys.get(tensor);
    if (other)
      throw new UserError(`${WEIGHTS}: expected one tensor for ${tensor}, found ${other} and ${key}`);
    keys.set(tensor, key);
  };
  const adapterName = adapterNameIn(source);
  for (const key of source.tensors.keys()) {
    const inner = peftName(key, adapterName);
    // Skips the copies that PEFT keeps from before the training, and what only the training needs.
    if (inner.includes('.original_module.') || TRAINING_ONLY.test(inner)) continue;
    const lowRank = LOW_RANK.exec(inner);
    const rows = TRAINED_ROWS.exec(inner);
    const whole = TRAINED.exec(inner);
    if (lowRank) {
      const [, module, role, kind] = lowRank as unknown as [string, string, string, string | undefined];
      const parts = lowRankTensors.get(module) ?? new Map<string, string>();
      const part = kind === 'bias' ? `${role}.bias` : role;
      claim(`${canonicalName(module)}.lora_${part}`, key);
      lowRankTensors.set(module, parts.set(part, key));
    } else if (rows) {
      const name = `${canonicalName(rows[1]!)}.weight`;
      claim(`the trained rows of ${name}`, key);
      trainedRows.set(name, { indices: indicesOf(config, rows[1]!, key), rows: key });
    } else if (whole && !inner.includes('lora_')) {
      const name = canonicalName(`${whole[1]}.${whole[2]}`);
      if (!TABLES.includes(name)) claim(name, key);
      trained.set(name, key);
    } else {
      throw new UserError(`${WEIGHTS}: expected only tensors of a LoRA adapter, found ${key}`);
    }
  }
  const updates = new Map<string, LowRankUpdate>();
  for (const [module, parts] of lowRankTensors) {
    updates.set(canonicalName(module), lowRankUpdate(config, source, module, parts));
  }
  return { updates, trained, trainedRows };
}

/** The name of the adapter inside the tensors' names. PEFT leaves it out of its files; a state dict that was saved has it. */
function adapterNameIn(source: TensorSource): string {
  for (const key of source.tensors.keys()) {
    const [, name] = /\.lora_(?:embedding_)?A\.(?!weight$)([^.]+)/.exec(unwrappedName(key)) ?? [];
    if (name) return name;
  }
  return 'default';
}

/**
 * A tensor's name without wrappers, the adapter's name, and `modules_to_save`, which stands behind the name of a module
 * trained in full, once for each time that PEFT wrapped it: `score.modules_to_save.default.weight` is `score.weight`.
 */
function peftName(key: string, adapterName: string): string {
  const components = unwrappedName(key).split('.');
  const isAdapterName = (component: string, i: number) =>
    component === adapterName &&
    /^(modules_to_save|lora_\w+|trainable_tokens_delta)$/.test(components[i - 1] ?? '');
  return components
    .filter((component, i) => !isAdapterName(component, i) && component !== 'modules_to_save')
    .join('.');
}

/** `parts` are the module's tensors in the file by their role: `A`, `B`, `B.bias`, `magnitude_vector`, … */
function lowRankUpdate(
  config: LoraConfig,
  source: TensorSource,
  module: string,
  parts: ReadonlyMap<string, string>,
): LowRankUpdate {
  const kind = parts.has('embedding_A') ? 'embedding' : 'linear';
  const prefix = kind === 'embedding' ? 'embedding_' : '';
  const a = parts.get(`${prefix}A`);
  const b = parts.get(`${prefix}B`);
  if (!a || !b) {
    const expected = `lora_${prefix}A and lora_${prefix}B`;
    throw new UserError(
      `${WEIGHTS}: ${module}: expected ${expected}, found only ${[...parts.values()].join(', ')}`,
    );
  }
  const magnitude = parts.get('magnitude_vector');
  const bias = parts.get('B.bias');
  const features = [
    ['use_dora', config.dora, magnitude],
    ['lora_bias', config.loraBias, bias],
  ] as const;
  for (const [field, isOn, tensor] of features) {
    if (isOn === (tensor !== undefined)) continue;
    throw new UserError(
      `${ADAPTER_CONFIG}: ${field}: expected ${!isOn}, because ${module} has ${tensor ?? 'no tensor for it'} in ${WEIGHTS}, found ${isOn}`,
    );
  }
  if (parts.size > 2 + Number(config.dora) + Number(config.loraBias)) {
    throw new UserError(
      `${WEIGHTS}: ${module}: expected the tensors of one kind of LoRA, found ${[...parts.values()].join(', ')}`,
    );
  }
  const rank = source.tensors.get(a)!.shape[0] ?? 0;
  if (rank !== config.rankOf(module)) {
    throw new UserError(
      `${WEIGHTS}: ${a}: expected rank ${config.rankOf(module)} (${ADAPTER_CONFIG}: r, rank_pattern), found ${rank}`,
    );
  }
  const scale = config.alphaOf(module) / (config.rankStabilised ? Math.sqrt(rank) : rank);
  return { module, kind, a, b, bias, magnitude, rank, scale };
}

function indicesOf({ tokenIndices }: LoraConfig, module: string, key: string): readonly number[] {
  const found = [...tokenIndices].find(([end]) => module === end || module.endsWith(`.${end}`));
  if (found) return found[1];
  throw new UserError(`${ADAPTER_CONFIG}: trainable_token_indices: expected the rows of ${key}, found none`);
}
