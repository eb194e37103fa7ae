// A base with its adapters merged in: the tensor source that a graph is written from.

import { UserError } from '../errors.js';
import type { Adapter, LowRankUpdate, TrainedRows } from './adapter.js';
import type { Base } from './base.js';
import type { DecoderConfig } from './config.js';
import { splitFused } from './fused.js';
import { findHead, type Head } from './head.js';
import { checkModules } from './knownModules.js';
import { notesOn, usedPartOf } from './leftAside.js';
import { rowMerger } from './lowRank.js';
import { isHead, LM_HEAD, otherPartOf, splitName } from './names.js';
import { checkTargets } from './targets.js';
import type { TensorInfo, TensorSource } from './tensors.js';

/** A decoder with its weights, by canonical name, and its label head: everything that an export needs. */
export interface Merged {
  readonly decoder: DecoderConfig;
  readonly weights: TensorSource;
  readonly head: Head;
  /** What the user should know about the merge: a line for each part of the adapters that is left aside. */
  readonly notes: readonly string[];
}

/**
 * Merges the adapters into the base, in their order. The arithmetic is in float32 and is done when a tensor is read.
 * Throws UserError where an adapter does not fit the base, or there is no trained label head.
 */
export function mergeAdapters(base: Base, given: readonly Adapter[]): Merged {
  const adapters = given.map(adapter => usedPartOf(adapter, base));
  const weights = adapters.reduce(
    (merged, adapter) => mergeAdapter(merged, adapter, base.decoder),
    base.weights,
  );
  const head = findHead(weights, base, adapters);
  // An adapter may have embeddings of more tokens than the base.
  const vocabSize = adapters.some(adapter => adapter.trained.has(EMBEDDINGS))
    ? weights.tensors.get(EMBEDDINGS)!.shape[0]!
    : base.decoder.vocabSize;
  const decoder = { ...base.decoder, vocabSize };
  const notes = given.flatMap((adapter, i) => notesOn(adapter, adapters[i]!));
  return { decoder, weights: splitFused(weights, decoder), head, notes };
}

const EMBEDDINGS = 'embed_tokens.weight';

/** The weights after one adapter is merged in. Throws UserError where it does not fit them. */
function mergeAdapter(weights: TensorSource, adapter: Adapter, decoder: DecoderConfig): TensorSource {
  checkModules(adapter, weights, decoder);
  const tensors = withTrained(weights, adapter);
  for (const [module, update] of adapter.updates) checkUpdate(tensors, adapter, module, update);
  for (const [name, rows] of adapter.trainedRows) checkRows(tensors, adapter, name, rows);
  checkSaved(tensors, adapter);
  const { changed, modules, heads } = targetableModules(tensors, adapter);
  checkTargets(adapter.name, adapter.config.targets, changed, modules, heads);
  const readPlain = (name: string, start?: number, end?: number) => {
    const trained = adapter.trained.get(name);
    return trained ? adapter.source.read(trained, start, end) : weights.read(name, start, end);
  };
  const mergers = new Map(
    [...adapter.updates].map(([module, update]) => {
      const name = `${module}.weight`;
      const read = (start: number, end: number) => readPlain(name, start, end);
      return [module, rowMerger(update, adapter.source, tensors.get(name)!.shape[0]!, read)];
    }),
  );
  return {
    name: weights.name,
    tensors,
    async read(name, start = 0, end = tensors.get(name)?.shape[0] ?? 1) {
      const { module, kind } = splitName(name);
      const update = adapter.updates.get(module);
      if (update && kind === 'weight') return mergers.get(module)!(start, end);
      if (update?.bias && kind === 'bias') {
        const added = await adapter.source.read(update.bias, start, end);
        const own = adapter.trained.has(name) || weights.tensors.has(name);
        const bias = own ? await readPlain(name, start, end) : new Float32Array(end - start);
        return bias.map((value, i) => value + Math.fround(added[i]! * update.scale));
      }
      const values = await readPlain(name, start, end);
      const trainedRows = adapter.trainedRows.get(name);
      return trainedRows ? replaceRows(values, adapter.source, trainedRows, start, end) : values;
    },
    close() {
      weights.close();
      adapter.source.close();
    },
  };
}

/** The tensors after the merge. An adapter may add a head, biases and rows of embeddings; it changes no other shape. */
function withTrained(weights: TensorSource, adapter: Adapter): Map<string, TensorInfo> {
  const tensors = new Map(weights.tensors);
  for (const [name, key] of adapter.trained) {
    const info: TensorInfo = { ...adapter.source.tensors.get(key)!, name };
    const replaced = weights.tensors.get(name);
    const { module } = splitName(name);
    const mayDiffer =
      isHead(module) || module === LM_HEAD || (name === EMBEDDINGS && info.shape.length === 2);
    if (!mayDiffer && replaced?.shape.join() !== info.shape.join()) {
      throw mismatch(adapter, key, replaced!.shape, info.shape);
    }
    tensors.set(name, info);
  }
  for (const [module, { bias }] of adapter.updates) {
    if (bias) tensors.set(`${module}.bias`, { ...adapter.source.tensors.get(bias)!, name: `${module}.bias` });
  }
  return tensors;
}

function checkUpdate(
  tensors: ReadonlyMap<string, TensorInfo>,
  adapter: Adapter,
  module: string,
  update: LowRankUpdate,
): void {
  const [out, width] = tensors.get(`${module}.weight`)!.shape as [number, number];
  const expected = new Map<string | undefined, number[]>(
    update.kind === 'linear'
      ? [
          [update.a, [update.rank, width]],
          [update.b, [out, update.rank]],
        ]
      : [
          [update.a, [update.rank, out]],
          [update.b, [width, update.rank]],
        ],
  );
  expected
    .set(update.magnitude, [update.kind === 'linear' ? out : width])
    .set(update.bias, [out])
    .delete(undefined);
  for (const [key, shape] of expected) {
    const found = adapter.source.tensors.get(key!)!.shape;
    if (found.join() !== shape.join()) throw mismatch(adapter, key!, shape, found);
  }
}

function checkRows(
  tensors: ReadonlyMap<string, TensorInfo>,
  adapter: Adapter,
  name: string,
  { indices, rows }: TrainedRows,
): void {
  const table = tensors.get(name)!.shape;
  const found = adapter.source.tensors.get(rows)!.shape;
  const expected = [indices.length, table[1]!];
  if (found.join() !== expected.join()) throw mismatch(adapter, rows, expected, found);
  const outside = indices.find(index => !Number.isInteger(index) || index < 0 || index >= table[0]!);
  if (outside !== undefined) {
    throw new UserError(
      `adapter ${adapter.name}: trainable_token_indices: expected rows of ${name}, 0 to ${table[0]! - 1}, found ${outside}`,
    );
  }
}

/**
 * Refuses an adapter that lacks a tensor of the base that its modules_to_save names. Heads are not checked, because PEFT
 * adds names of heads to modules_to_save that the model may not have.
 */
function checkSaved(tensors: ReadonlyMap<string, TensorInfo>, { name, config, trained }: Adapter): void {
  for (const saved of config.targets.modulesToSave) {
    for (const tensor of tensors.keys()) {
      const { module } = splitName(tensor);
      const isSaved = module === saved || module.endsWith(`.${saved}`);
      if (!isSaved || isHead(module) || module === LM_HEAD || trained.has(tensor)) continue;
      throw new UserError(
        `adapter ${name}: expected ${tensor} (modules_to_save: ${saved}), found no such tensor: the adapter is incomplete`,
      );
    }
  }
}

/** The modules that the adapter changes, all modules that it could target, and the heads among them, as PEFT names them. */
function targetableModules(tensors: ReadonlyMap<string, TensorInfo>, adapter: Adapter) {
  const changed = new Map([...adapter.updates.values()].map(update => [update.module, nameInFile(update)]));
  const prefix = decoderPrefix(adapter);
  const modules: string[] = [];
  const heads = new Set<string>();
  for (const [name, { shape }] of tensors) {
    const { module, kind } = splitName(name);
    if (kind !== 'weight' || shape.length !== 2 || module === LM_HEAD || otherPartOf(module)) continue;
    if (isHead(module)) heads.add(module);
    modules.push(isHead(module) ? module : `${prefix}${module}`);
  }
  return { changed, modules, heads };
}

/** What stands before the decoder's names in the model that PEFT was given: `model.`, `model.language_model.` or nothing. */
function decoderPrefix({ updates }: Adapter): string {
  const [name, update] = [...updates].find(([name]) => !isHead(name) && name !== LM_HEAD) ?? [];
  return name && update ? update.module.slice(0, -name.length) : '';
}

/** A module's name in the file, with the wrappers that PEFT saw: `_orig_mod.model.layers.0.self_attn.q_proj`. */
function nameInFile({ a }: LowRankUpdate): string {
  return a.replace(/^(?:.+\.)?base_model\.model\./, '').replace(/\.lora_.*$/, '');
}

/** Replaces the rows of `values`, rows `start` to `end` of an embedding, that the adapter has trained. */
async function replaceRows(
  values: Float32Array,
  source: TensorSource,
  { indices, rows }: TrainedRows,
  start: number,
  end: number,
): Promise<Float32Array> {
  const width = values.length / (end - start);
  for (const [i, index] of indices.entries()) {
    if (index >= start && index < end) values.set(await source.read(rows, i, i + 1), (index - start) * width);
  }
  return values;
}

function mismatch(adapter: Adapter, key: string, expected: readonly number[], found: readonly number[]) {
  return new UserError(
    `${key}: expected [${expected.join(', ')}], found [${found.join(', ')}] in ${adapter.source.name}: ` +
      'the adapter was trained on another base',
  );
}
