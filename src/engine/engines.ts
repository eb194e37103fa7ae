// The engine processes of a machine. A batch can have all cores, which is soonest done; or each engine a batch of its
// own on its share of them, which does most in a time: nobody waits for another between two operators.

import { EventEmitter } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Sequence } from './batch.js';
import { Engine } from './engine.js';
import type { RuntimeReport } from './probe.js';
import type { Result } from './protocol.js';

/** Where a batch runs: on all cores, or in one of the engines that share them. */
export type Place = 'all' | number;

export interface EnginesOptions {
  /** `cpu`, `cuda`, `cuda:N`, or `auto`: cuda where it works, else cpu. */
  readonly device: string;
  readonly cores: number;
  /** A folder on a disk with room for the weights once more. */
  readonly scratch: string;
}

/**
 * A model of more weights has large operators, which all cores share well, and would take long to write at each start.
 * Bytes.
 */
const SPREAD_LIMIT = 2 ** 30;
/** Each is a Node process with its own memory for activations. */
const MOST_ENGINES = 8;

/** Emits `restart` where a process has ended by itself, `unshared` where a model's weights could not be shared. */
export class Engines extends EventEmitter<{ restart: [reason: string]; unshared: [reason: string] }> {
  readonly #options: EnginesOptions;
  readonly #engines: Engine[] = [];
  readonly #places = new Map<string, readonly Place[]>();
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

  /** Loads a model folder under a name. Throws EngineError where ONNX Runtime cannot load it. */
  async load(model: string, folder: string): Promise<void> {
    const device = await this.device();
    const { cores } = this.#options;
    const isSpread = device === 'cpu' && cores > 1 && graphBytes(folder) <= SPREAD_LIMIT;
    if (isSpread && (await this.#spread(model, folder))) return;
    await this.#first.load(onAllCores(model), folder, { device, threads: cores });
    this.#places.set(model, ['all']);
  }

  /** Where batches of a loaded model can run: on all cores always, and in the engines that it is spread over. */
  places(model: string): readonly Place[] {
    return this.#places.get(model) ?? [];
  }

  /** One forward pass. Throws EngineCrashed where the process ended meanwhile, EngineError for a refused batch. */
  run(model: string, sequences: readonly Sequence[], place: Place): Promise<Result> {
    return place === 'all'
      ? this.#first.run(onAllCores(model), sequences)
      : this.#engines[place]!.run(model, sequences);
  }

  /** The device that models are for: `auto` settled, once, to cuda where it works here, else cpu. */
  device(): Promise<string> {
    this.#device ??= this.#settledDevice();
    return this.#device;
  }

  /** What ONNX Runtime offers on this machine. */
  probe(): Promise<RuntimeReport> {
    return this.#first.probe();
  }

  /** Ends the processes. What they still hold is rejected. */
  close(): void {
    for (const engine of this.#engines) engine.close();
  }

  async #settledDevice(): Promise<string> {
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
   * Loads a model for each engine and for all cores. Its weights are in memory once: packed as this processor multiplies
   * them, they are written to a file that every process maps, and that is gone from the folder as soon as they do.
   * False where they cannot be written.
   */
  async #spread(model: string, folder: string): Promise<boolean> {
    const { cores, scratch } = this.#options;
    const threads = Math.ceil(cores / MOST_ENGINES);
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
      this.#places.set(model, ['all', ...this.#engines.keys()]);
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

/** In a process of its own: what packing leaves of its memory would stay with an engine. */
async function pack(folder: string, into: string): Promise<void> {
  const packer = new Engine();
  try {
    await packer.pack(folder, into);
  } finally {
    packer.close();
  }
}

/** Its name in the first engine, beside the session of that engine's own cores. */
function onAllCores(model: string): string {
  return `${model}\0all`;
}

function graphBytes(folder: string): number {
  const files = readdirSync(folder).filter(name => name.startsWith('model.onnx'));
  return files.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}
