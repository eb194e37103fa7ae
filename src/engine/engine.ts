// The supervisor of one engine process: starts it, hands it batches, and starts it again when it has ended.

import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineChild } from './child.js';
import { EngineCrashed, EngineError } from './errors.js';
import type { RuntimeReport } from './probe.js';
import type { RunReply } from './protocol.js';
import type { Chunk, Sequence } from './sequence.js';
import type { SessionOptions } from './session.js';

/** What an engine needs to load a model, and to load it again when its process has ended. */
export interface ModelSource {
  readonly options: SessionOptions;
  /** The sequences of a brief pass, which warms the model. */
  readonly warmUp: readonly Sequence[];
  /** The folder to load from. Asked again for every try. */
  folder(): Promise<string>;
  /** Called with a folder that ONNX Runtime refused. */
  refused(folder: string): void;
}

/** A model that the engine holds, or loads again. */
interface Held {
  readonly name: string;
  readonly source: ModelSource;
  isUp: boolean;
  /** Whether it runs long sequences in chunks. */
  takesChunks: boolean;
  /** When it is loaded again, on the clock of performance.now(), if the last try failed. */
  nextTryAt: number | undefined;
}

/** Milliseconds before the first new try, which doubles with each one that fails, and the most that it comes to. */
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 10_000;
/** A process that has ended this many times in a row is not expected to load its models soon, so they count as failed. */
const DOWN_CRASHES = 3;
/** A model that is loaded for the first time is refused if the process ends this many times meanwhile. */
const MAX_LOAD_CRASHES = 3;

/**
 * Emits `restart` when the process has ended by itself and a new one is being started, `failed` when a model could not
 * be loaded again and will be tried later, and `up` when a model has been loaded again and is warm.
 */
export class Engine extends EventEmitter<{
  restart: [reason: string];
  failed: [model: string, reason: string];
  up: [];
}> {
  readonly #models = new Map<string, Held>();
  #child: EngineChild;
  readonly #closing = new AbortController();
  /** The number of times that the process has ended without having loaded its models. */
  #crashesInARow = 0;
  /** Resolves when a new process has been started in the place of one that ended. */
  #started: Promise<void> = Promise.resolve();

  constructor() {
    super();
    this.#child = this.#start();
  }

  /** Whether every model that was loaded, at least one, can run. */
  get isReady(): boolean {
    return this.#models.size > 0 && [...this.#models.values()].every(({ isUp }) => isUp);
  }

  /** Whether a model is loaded and warm, and the process is up. */
  isUp(model: string): boolean {
    return this.#models.get(model)?.isUp ?? false;
  }

  /** When a model that could not be loaded again is tried next, on the clock of performance.now(). */
  nextTryAt(model: string): number | undefined {
    return this.#models.get(model)?.nextTryAt;
  }

  /** Releases a model after the batches that were sent before. Does nothing where it is not loaded. */
  async unload(model: string): Promise<void> {
    if (!this.#models.delete(model)) return;
    // A process that ends meanwhile has released the model, and its successor does not load it.
    await this.#child.ask('unload', { model }).catch(() => {});
  }

  /** Loads a model under a name, and warms it. Throws EngineError if ONNX Runtime cannot load it. */
  async load(name: string, source: ModelSource): Promise<void> {
    const model: Held = { name, source, isUp: false, takesChunks: false, nextTryAt: undefined };
    for (let crashes = 1; ; crashes++) {
      try {
        await this.#bringUp(this.#child, model);
        break;
      } catch (error) {
        if (!(error instanceof EngineCrashed) || crashes === MAX_LOAD_CRASHES || this.#closing.signal.aborted)
          throw error;
        await this.#started;
      }
    }
    this.#models.set(name, model);
    this.#crashesInARow = 0;
  }

  /**
   * Runs one forward pass. Throws EngineCrashed if the model is not up, or the process ends meanwhile; EngineError for a
   * refused batch.
   */
  async run(model: string, sequences: readonly Sequence[]): Promise<RunReply> {
    if (!this.isUp(model)) throw new EngineCrashed('the engine is not up', false);
    return this.#child.ask('run', { model, sequences });
  }

  /** Whether a model runs long sequences in chunks. */
  takesChunks(model: string): boolean {
    return this.#models.get(model)?.takesChunks ?? false;
  }

  /** Runs some tokens of a sequence; see Session.runChunk. Throws as `run` does. */
  async runChunk(model: string, sequence: Sequence, chunk: Chunk): Promise<RunReply> {
    if (!this.isUp(model)) throw new EngineCrashed('the engine is not up', false);
    return this.#child.ask('runChunk', { model, sequence, chunk });
  }

  /** Forgets the chunks of a sequence that is not run to its end. */
  async forget(model: string): Promise<void> {
    // A process that has ended has forgotten them.
    if (this.isUp(model)) await this.#child.ask('forget', { model }).catch(() => {});
  }

  /** The version and the execution providers of ONNX Runtime on this machine. */
  probe(): Promise<RuntimeReport> {
    return this.#child.ask('probe', {});
  }

  /** Ends the process. Requests that it has not answered are rejected with EngineCrashed. Resolves when it has ended. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const model of this.#models.values()) model.isUp = false;
    await this.#child.close();
  }

  #start(): EngineChild {
    return new EngineChild(reason => {
      if (!this.#closing.signal.aborted) this.#restart(reason);
    });
  }

  #restart(reason: string): void {
    const pause = pauseAfter(this.#crashesInARow++);
    this.emit('restart', reason);
    for (const model of this.#models.values()) {
      model.isUp = false;
      if (this.#crashesInARow >= DOWN_CRASHES) this.#failed(model, pause, reason);
    }
    this.#started = this.#startAfter(pause);
  }

  async #startAfter(pause: number): Promise<void> {
    await this.#pause(pause);
    if (this.#closing.signal.aborted) return;
    try {
      this.#child = this.#start();
    } catch (error) {
      return this.#restart(`the engine process could not be started: ${(error as Error).message}`);
    }
    void this.#bringUpAll(this.#child);
  }

  /** Loads all models into a new process. If this does not end the process, its next crash is the first in a row. */
  async #bringUpAll(child: EngineChild): Promise<void> {
    await Promise.all([...this.#models.values()].map(model => this.#keepTrying(child, model)));
    if (child === this.#child && this.#models.size > 0) this.#crashesInARow = 0;
  }

  /** Tries to load a model. Goes on trying after this has resolved, as long as the process is the same. */
  async #keepTrying(child: EngineChild, model: Held, failures = 0): Promise<void> {
    try {
      await this.#bringUp(child, model);
      // It may have been unloaded meanwhile.
      if (this.#models.get(model.name) === model) this.emit('up');
      else await child.ask('unload', { model: model.name });
    } catch (error) {
      // The process has ended, and its successor loads all models.
      if (error instanceof EngineCrashed) return;
      // It was unloaded between its loading and its first pass.
      if (this.#models.get(model.name) !== model) return;
      const pause = pauseAfter(failures);
      this.#failed(model, pause, (error as Error).message);
      void this.#pause(pause).then(() => {
        const isHeld = this.#models.get(model.name) === model;
        const isCurrent = isHeld && child === this.#child && !this.#closing.signal.aborted;
        return isCurrent ? this.#keepTrying(child, model, failures + 1) : undefined;
      });
    }
  }

  #failed(model: Held, pause: number, reason: string): void {
    model.nextTryAt = performance.now() + pause;
    this.emit('failed', model.name, reason);
  }

  /** Loads a model and runs a first pass. */
  async #bringUp(child: EngineChild, model: Held): Promise<void> {
    const { name, source } = model;
    const folder = await source.folder();
    try {
      const { takesChunks } = await child.ask('load', { model: name, folder, options: source.options });
      model.takesChunks = takesChunks;
      await child.ask('run', { model: name, sequences: source.warmUp });
    } catch (error) {
      if (error instanceof EngineError) source.refused(folder);
      throw error;
    }
    model.isUp = true;
    model.nextTryAt = undefined;
  }

  /** Resolves after so many milliseconds, or when the engine is closed. */
  async #pause(milliseconds: number): Promise<void> {
    await sleep(milliseconds, undefined, { signal: this.#closing.signal }).catch(() => {});
  }
}

function pauseAfter(failures: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** failures, MAX_PAUSE_MS);
}
