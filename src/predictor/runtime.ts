// The engines, the scheduler and the result cache of a process, and the loading of models into them.

import type { KeyObject } from 'node:crypto';
import { basename, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import pLimit from 'p-limit';
import { Engines, type Slot } from '../engine/engines.js';
import { EngineCrashed } from '../engine/errors.js';
import { countTokens, type Sequence } from '../engine/sequence.js';
import { UserError } from '../errors.js';
import { usableCores } from '../machine/cores.js';
import { makeTemporaryFolder } from '../model/atomicFolder.js';
import { checkHashes } from '../model/integrity.js';
import { isModelFolder, type Manifest, readManifest } from '../model/manifest.js';
import { type PreparedModel, type PrepareEvents, prepareModel } from '../model/prepare.js';
import type { OnProgress } from '../model/progress.js';
import { withReading } from '../model/reading.js';
import { checkSignature } from '../model/signature.js';
import { stampOf } from '../model/stamp.js';
import { Scheduler } from '../scheduler/scheduler.js';
import { Tokenizer } from '../text/tokenizer.js';
import { findBudget, type Pass, sampleSequences } from './budget.js';
import type { LoadedModel, Urgency } from './model.js';
import { ResultCache } from './resultCache.js';
import { TokenRatio } from './tokenRatio.js';
import { Uses } from './uses.js';

export interface RuntimeOptions {
  /** `cpu`, `cuda`, `cuda:N`, `cuda:N,M` for several GPUs, or `auto`: cuda where it works, else cpu. */
  readonly device: string;
  /**
   * The folder that recipes are exported to. It also holds the packed copies that the engines share, so it needs room for
   * the weights of each loaded model.
   */
  readonly cache: string;
  /** The most tokens in one forward pass, or `measured`: timed for each model when it is loaded (budget.ts). */
  readonly batchTokens?: number | 'measured';
  /** Tokens that may wait before requests are refused. No request is refused unless it is given. */
  readonly queueTokens?: number;
  /** Sequences whose logits are kept. None unless it is given. */
  readonly cacheSize?: number;
  /** A public key. If it is given, only model folders that are signed with its private key are loaded. */
  readonly requireSignature?: KeyObject;
}

/** The most tokens in one forward pass, unless an option or a measurement says otherwise. */
export const BATCH_TOKENS = 1024;
/** The largest measured batch of a model with several engines. Larger ones take memory in each engine, and are no faster. */
const MAX_TOKENS_PER_ENGINE = 256;

/** The largest measured batch on a GPU, where each operator has to be large to keep all its units busy. */
const MAX_TOKENS_ON_GPU = 16_384;

/** Tokens in a model's first pass, which warms it. */
const BRIEF_TOKENS = 4;

/** `onProgress` is called with the steps of loading as well. */
export type LoadEvents = PrepareEvents;

export class Runtime {
  readonly engines: Engines;
  readonly scheduler: Scheduler;
  /** Undefined if no results are kept. */
  readonly results: ResultCache | undefined;
  readonly #cache: string;
  readonly #isMeasured: boolean;
  readonly #signatureKey: KeyObject | undefined;
  readonly #preparing = pLimit(usableCores());
  /** Whether a model was loaded. */
  #isServing = false;
  /** The number of times that a model was to be loaded. */
  #loads = 0;
  /** The number of models whose batches have been measured. */
  #measurements = 0;

  constructor({
    device,
    cache,
    batchTokens = BATCH_TOKENS,
    queueTokens = Number.POSITIVE_INFINITY,
    cacheSize = 0,
    requireSignature,
  }: RuntimeOptions) {
    this.#signatureKey = requireSignature;
    this.#cache = cache;
    this.#isMeasured = batchTokens === 'measured';
    const scratch = () => makeTemporaryFolder(join(cache, 'packed'));
    this.engines = new Engines({ device, cores: usableCores(), scratch });
    this.scheduler = new Scheduler(this.engines, {
      batchTokens: batchTokens === 'measured' ? BATCH_TOKENS : batchTokens,
      queueTokens,
    });
    this.results = cacheSize > 0 ? new ResultCache(cacheSize) : undefined;
  }

  /**
   * Loads a model folder, or a recipe folder, which is exported first unless the cache holds its export. The model is
   * warm once this resolves. An export in the cache that is damaged is made again. Another version of the model may be
   * loaded already; it stays as it is. Throws UserError for a broken folder, EngineError if ONNX Runtime refuses the model.
   */
  async load(name: string, path: string, events: LoadEvents = {}): Promise<LoadedModel> {
    const { onProgress } = events;
    if (this.#signatureKey && !isModelFolder(path)) {
      throw new UserError(
        `${basename(path)}: expected a signed model folder, found a recipe, whose export is not signed`,
      );
    }
    const options = { cache: this.#cache, device: await this.engines.device(), ...events };
    const prepared = await this.#preparing(() => prepareModel(path, options));
    try {
      return await this.#loadFolder(name, path, prepared, onProgress);
    } catch (error) {
      if (!(await this.#preparing(prepared.repair))) throw error;
      return this.#loadFolder(name, path, { ...prepared, isNew: true }, onProgress);
    }
  }

  /** Loads the model folder that was prepared for `path`. */
  async #loadFolder(
    name: string,
    path: string,
    { folder, reading, isNew }: PreparedModel,
    onProgress: OnProgress = () => {},
  ): Promise<LoadedModel> {
    const onStep = (done: number) => onProgress({ stage: 'loading', done, total: 2 });
    onStep(0);
    const id = `${name}@${++this.#loads}`;
    const stamp = stampOf(folder);
    if (this.#signatureKey) checkSignature(folder, this.#signatureKey);
    const manifest = withReading(readManifest(folder), reading);
    const checking = checkHashes(folder, manifest);
    // A damaged file could end an engine process, so it does not reach the engines once they serve a model.
    if (this.#isServing) await checking;
    const warmUp = sampleSequences(manifest, BRIEF_TOKENS);
    const restore = () => this.#restore(path, manifest);
    const loading = this.engines.load(id, { folder, warmUp, restore });
    // Both are awaited below. Without these handlers, Node would end the process if one fails before that.
    checking.catch(() => {});
    loading.catch(() => {});
    try {
      // Reading the tokenizer keeps this thread busy for a while, so the engine processes are first given their work.
      await setImmediate();
      const tokenizer = Tokenizer.load(folder);
      await Promise.allSettled([checking, loading]);
      // ONNX Runtime may have refused a damaged file: its hash tells the reason.
      await checking;
      await loading;
      if (stampOf(folder) !== stamp)
        throw new UserError(`${basename(folder)}: a file changed while it was loaded`);
      onStep(1);
      if (this.#isMeasured) await this.#measure(id, manifest, warmUp);
      onStep(2);
      this.#isServing = true;
      const uses = new Uses();
      return {
        name,
        id,
        folder,
        stamp,
        isNew,
        manifest,
        tokenizer,
        tokenRatio: new TokenRatio(),
        isUp: () => this.engines.slots(id).some(slot => this.engines.isUp(slot, id)),
        admit: (tokens, { deadline }) => this.scheduler.admit({ model: id, tokens, deadline }),
        hold: () => uses.begin(),
        unload: async () => {
          await uses.ended();
          await this.#unload(id);
        },
        run: (sequences, urgency) => this.#run(id, sequences, urgency),
      };
    } catch (error) {
      await loading.catch(() => {});
      await this.#unload(id);
      throw error;
    }
  }

  async #unload(id: string): Promise<void> {
    await this.engines.unload(id);
    this.scheduler.forget(id);
  }

  /**
   * The folder of a model that was loaded before, checked again. A recipe is exported again where the cache has lost its
   * export, or has a damaged one. Throws UserError where that fails, gives another model, or a required signature is
   * missing.
   */
  async #restore(path: string, { version }: Manifest): Promise<string> {
    const options = { cache: this.#cache, device: await this.engines.device() };
    return this.#preparing(async () => {
      const { folder, reading, repair } = await prepareModel(path, options);
      await repair();
      if (this.#signatureKey) checkSignature(folder, this.#signatureKey);
      const manifest = withReading(readManifest(folder), reading);
      await checkHashes(folder, manifest);
      if (manifest.version === version) return folder;
      throw new UserError(
        `${basename(path)}: the model has changed since it was loaded: expected version ${version}, found ${manifest.version}`,
      );
    });
  }

  /** Ends the engine processes. The sequences that they still hold are rejected. Resolves when they have ended. */
  async close(): Promise<void> {
    await this.engines.close();
  }

  /** Times some forward passes to find the model's budget, and gives it to the scheduler. */
  async #measure(name: string, manifest: Manifest, brief: readonly Sequence[]): Promise<void> {
    const slots = this.engines.slots(name);
    // Models that load at the same time are measured on different engines, so that neither slows the other down.
    const slot = slots.at(-1 - (this.#measurements++ % Math.max(1, slots.length - 1)))!;
    const pass: Pass = async batch => {
      const { seconds } = await this.engines.run(name, batch, slot);
      this.scheduler.observe(name, slot, countTokens(batch), seconds);
      return seconds;
    };
    const budget = await findBudget(manifest, brief, pass, await this.#largestBatch(slots)).catch(error => {
      // The engine is started again. The model serves with the usual budget.
      if (error instanceof EngineCrashed) return undefined;
      throw error;
    });
    if (budget !== undefined) this.scheduler.setBatchTokens(name, budget);
  }

  /** The most tokens that are tried in one pass of a model with these slots. */
  async #largestBatch(slots: readonly Slot[]): Promise<number> {
    if ((await this.engines.device()) !== 'cpu') return MAX_TOKENS_ON_GPU;
    return slots.length > 1 ? MAX_TOKENS_PER_ENGINE : BATCH_TOKENS;
  }

  #run(model: string, sequences: readonly Sequence[], urgency: Urgency): Promise<Float32Array[]> {
    const compute = (missing: readonly Sequence[]) =>
      this.scheduler.submit({ model, sequences: missing, ...urgency });
    return this.results ? this.results.through(model, sequences, compute) : compute(sequences);
  }
}
