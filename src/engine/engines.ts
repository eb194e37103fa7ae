// The engine processes of a machine. One batch on all cores is done soonest. A batch on each engine, with its share of
// the cores, has the higher throughput, because no core waits for another between two operators.

import { EventEmitter } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DATA_FILE, MODEL_FILE } from '../onnx/contract.js';
import type { Sequence } from './batch.js';
import { Engine } from './engine.js';
import type { RuntimeReport } from './probe.js';
import type { RunReply } from './protocol.js';

/** Where a batch runs: on all cores, or on the engine of this number, which has a share of the cores. */
export type Slot = 'all' | number;

export interface EnginesOptions {
  /** `cpu`, `cuda`, `cuda:N`, or `auto`, which is cuda where that works and cpu elsewhere. */
  readonly device: string;
  readonly cores: number;
  /** A folder on a disk that has room for another copy of the weights. */
  readonly scratch: string;
}

/**
 * Larger models are not spread over engines: all cores together compute their large operators well, and it would take
 * long to write their packed weights at each start. Bytes.
 */
const MAX_SPREAD_BYTES = 2 ** 30;
/** A limit, because every engine is a Node process with its own memory for activations. */
const MAX_ENGINES = 8;

/** Emits `restart` when a process has ended by itself, and `unshared` when a model's weights could not be shared. */
export class Engines extends EventEmitter<{ restart: [reason: string]; unshared: [reason: string] }> {
  readonly #options: EnginesOptions;
  readonly #engines: Engine[] = [];
  readonly #slots = new Map<string, readonly Slot[]>();
  #device: Promise<string> | undefined;

  constructor(options: EnginesOptions) {
    super();
    this.#options = options;
    this.#start(1);
  }

  /** The number of engine processes that are up and hold their models. */
  get ready(): number {
    return this.#engines.filter(engine => engine.isReady).length;
  }

  /** Loads a model folder under a name. Throws EngineError if ONNX Runtime cannot load it. */
  async load(model: string, folder: string): Promise<void> {
    const device = await this.device();
    const { cores } = this.#options;
    const isSpread = device === 'cpu' && cores > 1 && graphBytes(folder) <= MAX_SPREAD_BYTES;
    if (isSpread && (await this.#spread(model, folder))) return;
    await this.#first.load(onAllCores(model), folder, { device, threads: cores });
    this.#slots.set(model, ['all']);
  }

  /** Releases a model in every engine, after the batches that were sent before. */
  async unload(model: string): Promise<void> {
    this.#slots.delete(model);
    await Promise.all(
      this.#engines.flatMap(engine => [engine.unload(onAllCores(model)), engine.unload(model)]),
    );
  }

  /** The slots in which batches of a loaded model can run: `all`, and the engines that the model is spread over. */
  slots(model: string): readonly Slot[] {
    return this.#slots.get(model) ?? [];
  }

  /** Runs one forward pass. Throws EngineCrashed if the process ends meanwhile, EngineError for a refused batch. */
  run(model: string, sequences: readonly Sequence[], slot: Slot): Promise<RunReply> {
    return slot === 'all'
      ? this.#first.run(onAllCores(model), sequences)
      : this.#engines[slot]!.run(model, sequences);
  }

  /** The device that models run on: `cpu`, `cuda` or `cuda:N`. The device `auto` is resolved once. */
  device(): Promise<string> {
    this.#device ??= this.#resolveDevice();
    return this.#device;
  }

  /** The version and the execution providers of ONNX Runtime on this machine. */
  probe(): Promise<RuntimeReport> {
    return this.#first.probe();
  }

  /** Ends the processes. Requests that they have not answered are rejected with EngineCrashed. */
  close(): void {
    for (const engine of this.#engines) engine.close();
  }

  async #resolveDevice(): Promise<string> {
    const { device } = this.#options;
    if (device !== 'auto') return device;
    return (await this.probe()).providers.cuda === 'ok' ? 'cuda' : 'cpu';
  }

  get #first(): Engine {
    return this.#engines[0]!;
  }

  #start(count: number): void {
    while (this.#engines.length < count) {
      this.#engines.push(new Engine().on('restart', reason => this.emit('restart', reason)));
    }
  }

  /**
   * Loads a model into each engine, and for all cores. The weights are in memory once: they are packed in the layout in
   * which this processor multiplies them, and written to a file that every process maps. The file is deleted as soon as
   * all of them have mapped it. Emits `unshared` and returns false if any of that fails.
   */
  async #spread(model: string, folder: string): Promise<boolean> {
    const { cores, scratch } = this.#options;
    const threads = Math.ceil(cores / MAX_ENGINES);
    const count = Math.floor(cores / threads);
    this.#start(count);
    let packed: string | undefined;
    const remove = () => packed && rmSync(packed, { recursive: true, force: true });
    process.once('exit', remove);
    try {
      mkdirSync(scratch, { recursive: true });
      packed = mkdtempSync(join(scratch, '.packed-'));
      await pack(folder, packed);
      await Promise.all([
        this.#first.load(onAllCores(model), folder, { device: 'cpu', threads: cores }, packed),
        ...this.#engines.map(engine => engine.load(model, folder, { device: 'cpu', threads }, packed)),
      ]);
      this.#slots.set(model, ['all', ...this.#engines.keys()]);
      return true;
    } catch (error) {
      this.emit('unshared', `${model}: ${(error as Error).message}`);
      return false;
    } finally {
      process.off('exit', remove);
      remove();
    }
  }
}

/** Packs in a process that ends afterwards, because an engine would keep the memory that packing takes. */
async function pack(folder: string, into: string): Promise<void> {
  const packer = new Engine();
  try {
    await packer.pack(folder, into);
  } finally {
    packer.close();
  }
}

/** The model's name for its session on all cores, in the first engine, which also has one on its share of the cores. */
function onAllCores(model: string): string {
  return `${model}\0all`;
}

function graphBytes(folder: string): number {
  const sizes = [MODEL_FILE, DATA_FILE].map(
    name => statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0,
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
