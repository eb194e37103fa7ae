// The engine processes of a machine. One batch on all cores is done soonest. A batch on each engine, with its share of
// the cores, has the higher throughput, because no core waits for another between two operators.

import { EventEmitter } from 'node:events';
import { Engine, type ModelSource } from './engine.js';
import { graphBytes, PackedCopy } from './packedCopy.js';
import type { RuntimeReport } from './probe.js';
import type { RunReply } from './protocol.js';
import type { Chunk, Sequence } from './sequence.js';

/** Where a batch runs: on all cores, or on the engine of this number, which has a share of the cores. */
export type Slot = 'all' | number;

export interface EnginesOptions {
  /** `cpu`, `cuda`, `cuda:N`, `cuda:N,M`, or `auto`, which is cuda where that works and cpu elsewhere. */
  readonly device: string;
  readonly cores: number;
  /** Makes an empty folder on a disk that has room for another copy of the weights. */
  readonly scratch: () => string;
}

/** What is needed to load a model, and to load it again when an engine process has ended. */
export interface ModelOrder {
  readonly folder: string;
  /** The sequences of a brief pass, which warms the model. */
  readonly warmUp: readonly Sequence[];
  /** Provides the model folder again, which may no longer be there. Throws where it cannot. */
  restore(): Promise<string>;
}

/**
 * Larger models are not spread over engines: all cores together compute their large operators well, and it would take
 * long to write their packed weights at each start. Bytes.
 */
const MAX_SPREAD_BYTES = 2 ** 30;
/** A limit, because every engine is a Node process with its own memory for activations. */
const MAX_ENGINES = 8;

/**
 * Emits `restart` when a process has ended by itself, `failed` when a model could not be loaded into a new process yet,
 * `down` when that has happened to each of its engines, `up` when a new process has loaded a model and is warm, and
 * `unshared` when a model's weights could not be shared.
 */
interface EnginesEvents {
  restart: [reason: string];
  failed: [model: string, reason: string];
  down: [model: string];
  up: [];
  unshared: [reason: string];
}

export class Engines extends EventEmitter<EnginesEvents> {
  readonly #options: EnginesOptions;
  readonly #engines: Engine[] = [];
  readonly #slots = new Map<string, readonly Slot[]>();
  /** The packed copies of the models that are spread over the engines. */
  readonly #copies = new Map<string, PackedCopy>();
  #device: Promise<string> | undefined;
  readonly #removeCopies = (): void => {
    for (const copy of this.#copies.values()) copy.close();
  };

  constructor(options: EnginesOptions) {
    super();
    this.#options = options;
    this.#start(1);
    process.once('exit', this.#removeCopies);
  }

  /** The number of engine processes, those that are being started included. */
  get size(): number {
    return this.#engines.length;
  }

  /** The number of engine processes that are up and hold their models. */
  get ready(): number {
    return this.#engines.filter(engine => engine.isReady).length;
  }

  /** Loads a model under a name, and warms it. Throws EngineError if ONNX Runtime cannot load it. */
  async load(model: string, order: ModelOrder): Promise<void> {
    const device = await this.device();
    const { cores } = this.#options;
    const gpus = gpusOf(device);
    if (gpus.length > 1) return this.#loadOnEach(gpus, model, order);
    const isSpread = device === 'cpu' && cores > 1 && graphBytes(order.folder) <= MAX_SPREAD_BYTES;
    if (isSpread && (await this.#spread(model, order))) return;
    const { warmUp, restore } = order;
    const source = { options: { device, threads: cores }, warmUp, folder: restore, refused() {} };
    await this.#first.load(sessionName('all', model), source);
    this.#slots.set(model, ['all']);
  }

  /** Loads a model into one engine for each GPU. */
  async #loadOnEach(gpus: readonly string[], model: string, { warmUp, restore }: ModelOrder): Promise<void> {
    this.#start(gpus.length);
    const { cores: threads } = this.#options;
    const loading = gpus.map((device, slot) =>
      this.#engineOf(slot).load(model, {
        options: { device, threads },
        warmUp,
        folder: restore,
        refused() {},
      }),
    );
    await allDone(loading);
    this.#slots.set(model, [...gpus.keys()]);
  }

  /** Releases a model in every engine, after the batches that were sent before. */
  async unload(model: string): Promise<void> {
    this.#slots.delete(model);
    const sessions = this.#engines.flatMap(engine => [
      engine.unload(sessionName('all', model)),
      engine.unload(model),
    ]);
    await Promise.all(sessions);
    this.#copies.get(model)?.close();
    this.#copies.delete(model);
  }

  /**
   * The slots in which batches of a loaded model can run: `all`, and the engines that the model is spread over. Where it
   * is on several GPUs there is one for each of them alone.
   */
  slots(model: string): readonly Slot[] {
    return this.#slots.get(model) ?? [];
  }

  /** Whether a batch of a loaded model can run in a slot: its process is up, with the model loaded and warm. */
  isUp(slot: Slot, model: string): boolean {
    return this.#engineOf(slot).isUp(sessionName(slot, model));
  }

  /**
   * The milliseconds until the next try to load a model that no engine serves, because no process could load it again.
   * Undefined where an engine serves it, or the first try of one still goes on.
   */
  downFor(model: string): number | undefined {
    const slots = this.slots(model);
    if (slots.length === 0 || slots.some(slot => this.isUp(slot, model))) return undefined;
    const tries = slots.map(slot => this.#engineOf(slot).nextTryAt(sessionName(slot, model)));
    if (!tries.every(at => at !== undefined)) return undefined;
    return Math.max(0, Math.min(...tries) - performance.now());
  }

  /**
   * Runs one forward pass. Throws EngineCrashed if the slot is not up or its process ends meanwhile, EngineError for a
   * refused batch.
   */
  run(model: string, sequences: readonly Sequence[], slot: Slot): Promise<RunReply> {
    return this.#engineOf(slot).run(sessionName(slot, model), sequences);
  }

  /** Whether a model runs long sequences in chunks, between which a slot can run other batches. */
  takesChunks(model: string): boolean {
    return this.slots(model).every(slot => this.#engineOf(slot).takesChunks(sessionName(slot, model)));
  }

  /**
   * Runs some tokens of a sequence in the slot in which its earlier tokens have run; see Session.runChunk. Throws as
   * `run` does.
   */
  runChunk(model: string, sequence: Sequence, chunk: Chunk, slot: Slot): Promise<RunReply> {
    return this.#engineOf(slot).runChunk(sessionName(slot, model), sequence, chunk);
  }

  /** Forgets the chunks of a sequence that is not run to its end. */
  forget(model: string, slot: Slot): Promise<void> {
    return this.#engineOf(slot).forget(sessionName(slot, model));
  }

  /** The device that models run on, in which `auto` is resolved once. */
  device(): Promise<string> {
    this.#device ??= this.#resolveDevice();
    return this.#device;
  }

  /** The version and the execution providers of ONNX Runtime on this machine. */
  probe(): Promise<RuntimeReport> {
    return this.#first.probe();
  }

  /** Ends the processes. Requests that they have not answered are rejected with EngineCrashed. Resolves when they have ended. */
  async close(): Promise<void> {
    await Promise.all(this.#engines.map(engine => engine.close()));
    process.off('exit', this.#removeCopies);
    this.#removeCopies();
  }

  async #resolveDevice(): Promise<string> {
    const { device } = this.#options;
    if (device !== 'auto') return device;
    return (await this.probe()).providers.cuda === 'ok' ? 'cuda' : 'cpu';
  }

  get #first(): Engine {
    return this.#engines[0]!;
  }

  #engineOf(slot: Slot): Engine {
    return slot === 'all' ? this.#first : this.#engines[slot]!;
  }

  #start(count: number): void {
    while (this.#engines.length < count) {
      const engine = new Engine();
      engine.on('restart', reason => this.emit('restart', reason));
      engine.on('failed', (session, reason) => this.#failed(modelOf(session), reason));
      engine.on('up', () => this.emit('up'));
      this.#engines.push(engine);
    }
  }

  #failed(model: string, reason: string): void {
    this.emit('failed', model, reason);
    if (this.downFor(model) !== undefined) this.emit('down', model);
  }

  /**
   * Loads a model into each engine, and for all cores, from one packed copy. Emits `unshared` and returns false if any
   * of that fails.
   */
  async #spread(model: string, order: ModelOrder): Promise<boolean> {
    const { cores, scratch } = this.#options;
    const threads = Math.ceil(cores / MAX_ENGINES);
    this.#start(Math.floor(cores / threads));
    const copy = new PackedCopy(scratch);
    this.#copies.set(model, copy);
    try {
      await copy.write(order.folder);
      const source = this.#sharedSource(model, copy, order);
      await allDone([
        this.#first.load(sessionName('all', model), {
          ...source,
          options: { device: 'cpu', threads: cores },
        }),
        ...this.#engines.map(engine =>
          engine.load(model, { ...source, options: { device: 'cpu', threads } }),
        ),
      ]);
      this.#slots.set(model, ['all', ...this.#engines.keys()]);
      return true;
    } catch (error) {
      this.emit('unshared', `${model}: ${(error as Error).message}`);
      await this.unload(model);
      return false;
    }
  }

  /** The packed copy: written again where it is gone, and replaced by the model folder where it cannot be written. */
  #sharedSource(
    model: string,
    copy: PackedCopy,
    { warmUp, restore }: ModelOrder,
  ): Omit<ModelSource, 'options'> {
    const writeAgain = joined(async () => {
      const folder = await restore();
      try {
        return await copy.write(folder);
      } catch (error) {
        this.emit('unshared', `${model}: ${(error as Error).message}`);
        return folder;
      }
    });
    return {
      warmUp,
      folder: async () => copy.folder ?? writeAgain(),
      refused: folder => {
        if (folder === copy.folder) copy.discard();
      },
    };
  }
}

/** The GPUs in a device: `cuda:0,2` has `cuda:0` and `cuda:2`. */
function gpusOf(device: string): string[] {
  const [name, indices] = device.split(':');
  return indices === undefined ? [] : indices.split(',').map(index => `${name}:${index}`);
}

/** Calls of the function that are made while one is in progress get its result. */
function joined<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => {
    running ??= work().finally(() => {
      running = undefined;
    });
    return running;
  };
}

/** Resolves when all of the work is done. Rejects, when all of it has ended, with the error of the first that failed. */
async function allDone(work: readonly Promise<unknown>[]): Promise<void> {
  await Promise.allSettled(work);
  await Promise.all(work);
}

/** A model's name for its session in a slot. The first engine has one on all cores, and one on its share of the cores. */
function sessionName(slot: Slot, model: string): string {
  return slot === 'all' ? `${model}\0all` : model;
}

/** The model of a session. */
function modelOf(session: string): string {
  return session.split('\0')[0]!;
}
