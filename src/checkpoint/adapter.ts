// A PEFT LoRA adapter: which modules it changes, by how much, and what it trained whole (the label head).

import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { UserError } from '../errors.js';
import { ADAPTER_CONFIG, type LoraConfig, parseAdapterConfig } from './adapterConfig.js';
import { canonicalName, isPickle, PICKLE_HELP } from './base.js';
import { readJsonObject } from './files.js';
import { openSafetensors } from './safetensors.js';
import type { TensorSource } from './tensors.js';

const WEIGHTS = 'adapter_model.safetensors';

/**
 * W' = W + scale * B A, with A [rank, in] and B [out, rank]: https://arxiv.org/abs/2106.09685 eq. 3.
 * For an embedding [vocabulary, hidden] it is the transpose, with A [rank, vocabulary] and B [hidden, rank].
 */
export interface LowRankUpdate {
  /** As the trained model called it: `model.layers.0.self_attn.q_proj`. */
  readonly module: string;
  readonly kind: 'linear' | 'embedding';
  /** Tensors in the adapter's source. */
  readonly a: string;
  readonly b: string;
  /** Added to the module's bias, scaled (lora_bias): [out]. */
  readonly bias: string | undefined;
  /** The length that each row of W' gets (DoRA): [out]; of an embedding, each column: [hidden]. */
  readonly magnitude: string | undefined;
  readonly rank: number;
  readonly scale: number;
}

/** Rows of an embedding that were trained whole: `rows` of `indices`. */
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
  /** Tensors trained whole, by canonical tensor name (`score.weight`), to their name in `source`. */
  readonly trained: ReadonlyMap<string, string>;
  /** By canonical tensor name: `embed_tokens.weight`. */
  readonly trainedRows: ReadonlyMap<string, TrainedRows>;
  readonly source: TensorSource;
}

/** Opens an adapter folder. Throws UserError for what is missing, pickled, or not LoRA. */
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
    return { name, folder, config, ...sortTensors(config, source), source };
  } catch (error) {
    source.close();
    throw error;
  }
}

/** The files that decide what an adapter computes, for its identity. */
export function adapterFiles(path: string): string[] {
  const folder = adapterFolder(path);
  return [join(folder, ADAPTER_CONFIG), join(folder, WEIGHTS)];
}

/** The folder itself, or the one below it where PEFT put an adapter that has a name. */
export function adapterFolder(path: string): string {
  if (!existsSync(path)) throw new UserError(`adapter ${path}: no such folder`);
  if (existsSync(join(path, ADAPTER_CONFIG))) return path;
  const entries = existsSync(path) ? readdirSync(path, { withFileTypes: true }) : [];
  const named = entries
    .filter(entry => entry.isDirectory() && existsSync(join(path, entry.name, ADAPTER_CONFIG)))
    .map(entry => entry.name);
  if (named.length === 1) return join(path, named[0]!);
  throw new UserError(
    named.length > 1
      ? `adapter ${basename(path)}: holds several adapters, name one of them: ${named.join(', ')}`
      : `adapter ${basename(path)}: expected ${ADAPTER_CONFIG}, found none`,
  );
}

/** `<module>.lora_A.weight`; in older PEFT with the adapter's name, `<module>.lora_A.default.weight`. */
const LOW_RANK =
  /^(.+)\.lora_(A|B|embedding_A|embedding_B|magnitude_vector)(?:\.default)?(?:\.(weight|bias))?$/;
/** A module trained whole: `<module>.weight`, or `<module>.modules_to_save[.default].weight`, or below a LoRA's. */
const TRAINED = /^(.+?)(?:\.modules_to_save(?:\.default)?|(?:\.token_adapter)?\.base_layer)?\.(weight|bias)$/;
const TRAINED_ROWS = /^(.+?)(?:\.token_adapter)?\.trainable_tokens_delta(?:\.default)?$/;

type Parts = Pick<Adapter, 'updates' | 'trained' | 'trainedRows'>;

function sortTensors(config: LoraConfig, source: TensorSource): Parts {
  const halves = new Map<string, Map<string, string>>();
  const trained = new Map<string, string>();
  const trainedRows = new Map<string, TrainedRows>();
  for (const key of source.tensors.keys()) {
    const inner = key.replace(/^base_model\.model\./, '');
    // the copy from before training; and what only predicts the next token
    if (inner.includes('.original_module.') || /^(model\.)?lm_head\./.test(inner)) continue;
    const lowRank = LOW_RANK.exec(inner);
    const rows = TRAINED_ROWS.exec(inner);
    const whole = TRAINED.exec(inner);
    if (lowRank) {
      const [, module, half, kind] = lowRank as unknown as [string, string, string, string | undefined];
      const parts = halves.get(module) ?? new Map<string, string>();
      halves.set(module, parts.set(kind === 'bias' ? `${half}.bias` : half, key));
    } else if (rows) {
      const name = `${canonicalName(rows[1]!)}.weight`;
      trainedRows.set(name, { indices: indicesOf(config, rows[1]!, key), rows: key });
    } else if (whole && !inner.includes('lora_')) {
      trained.set(canonicalName(`${whole[1]}.${whole[2]}`), key);
    } else {
      throw new UserError(`${WEIGHTS}: ${key}: not a tensor of a LoRA adapter`);
    }
  }
  const updates = new Map<string, LowRankUpdate>();
  for (const [module, parts] of halves) {
    updates.set(canonicalName(module), lowRankUpdate(config, source, module, parts));
  }
  return { updates, trained, trainedRows };
}

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
  if (!a || !b)
    throw new UserError(`${WEIGHTS}: ${module}: expected lora_${prefix}A and _B, found one of them`);
  const magnitude = parts.get('magnitude_vector');
  const bias = parts.get('B.bias');
  const told = [
    ['use_dora', config.dora, magnitude],
    ['lora_bias', config.loraBias, bias],
  ] as const;
  for (const [field, isOn, tensor] of told) {
    if (isOn === (tensor !== undefined)) continue;
    throw new UserError(
      `${ADAPTER_CONFIG}: ${field}: ${isOn}, but ${module} ${tensor ? `has ${tensor}` : 'lacks its tensor'} in ${WEIGHTS}`,
    );
  }
  if (parts.size > 2 + Number(config.dora) + Number(config.loraBias)) {
    throw new UserError(
      `${WEIGHTS}: ${module}: has tensors that go with no one kind of LoRA: ${[...parts.values()].join(', ')}`,
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
