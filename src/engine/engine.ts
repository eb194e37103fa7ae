// The supervisor of one engine process: starts it, hands it batches, and starts it again where it crashes.

import { type ChildProcess, fork } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import '../noTelemetry.js';
import type { Sequence } from './batch.js';
import type { RuntimeReport } from './probe.js';
import type { Reply, Request, Result } from './protocol.js';
import type { SessionOptions } from './session.js';

const PROCESS = fileURLToPath(new URL('./process.js', import.meta.url));

/** The engine process ended while it held this batch. The batch may be run again. */
export class EngineCrashed extends Error {
  override readonly name = 'EngineCrashed';
}

/** ONNX Runtime refused a model or a batch; the process lives on. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
}

interface Waiting {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

type Unnumbered<T> = T extends unknown ? Omit<T, 'id'> : never;

/** Emits `restart` where the process has ended by itself and a new one is being started. */
export class Engine extends EventEmitter<{ restart: [reason: string] }> {
  readonly #loaded = new Map<string, { readonly folder: string; readonly options: SessionOptions }>();
  readonly #waiting = new Map<number, Waiting>();
  #child: ChildProcess;
  #ready: Promise<void> = Promise.resolve();
  #nextId = 0;
  #closed = false;
  #crashesInARow = 0;
  #isRestarting = false;

  constructor() {
    super();
    this.#child = this.#start();
  }

  /** Whether the process is up and holds every model that was loaded into it, at least one. */
  get isReady(): boolean {
    return this.#loaded.size > 0 && !this.#isRestarting && !this.#closed;
  }

  /**
   * Loads a model folder under a name; where `packed` is there, from that copy of it. Throws EngineError where ONNX
   * Runtime cannot load it.
   */
  async load(model: string, folder: string, options: SessionOptions, packed?: string): Promise<void> {
    await this.#ask({ kind: 'load', model, folder: packed ?? folder, options });
    this.#loaded.set(model, { folder, options });
  }

  /**
   * Writes a copy of a model folder's graph, for loading on this machine, into the folder `into`. Throws EngineError
   * where ONNX Runtime cannot load the one or write the other.
   */
  async pack(folder: string, into: string): Promise<void> {
    await this.#ask({ kind: 'pack', folder, into });
  }

  /** One forward pass. Throws EngineCrashed where the process ended meanwhile, EngineError for a refused batch. */
  async run(model: string, sequences: readonly Sequence[]): Promise<Result> {
    await this.#ready;
    const result = await this.#ask({ kind: 'run', model, sequences });
    this.#crashesInARow = 0;
    return result;
  }

  /** What ONNX Runtime offers on this machine. */
  async probe(): Promise<RuntimeReport> {
    const { runtime } = await this.#ask({ kind: 'probe' });
    return runtime!;
  }

  /** Ends the process. What it still holds is rejected. */
  close(): void {
    this.#closed = true;
    if (this.#child.connected) this.#child.disconnect();
    this.#failWaiting(new EngineCrashed('the engine is closed'));
  }

  #start(): ChildProcess {
    // Typed arrays travel as they are: https://nodejs.org/api/child_process.html#advanced-serialization
    const child = fork(PROCESS, {
      serialization: 'advanced',
      // glibc keeps freed memory for each thread apart; threads of one pass do not allocate in each other's way
      env: { ...process.env, MALLOC_ARENA_MAX: '1' },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    child.on('message', (reply: Reply) => {
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      if ('error' in reply) waiting?.reject(new EngineError(reply.error));
      else waiting?.resolve(reply.result);
    });
    child.on('exit', (code, signal) => {
      if (!this.#closed) this.#restart(`the engine process ended (${signal ?? `exit code ${code}`})`);
    });
    // Told by the exit that follows.
    child.on('error', () => {});
    return child;
  }

  #restart(reason: string): void {
    this.#failWaiting(new EngineCrashed(reason));
    this.emit('restart', reason);
    this.#isRestarting = true;
    const pause = Math.min(100 * 2 ** this.#crashesInARow++, 10_000);
    this.#ready = (async () => {
      await sleep(pause);
      if (this.#closed) return;
      this.#child = this.#start();
      for (const [model, { folder, options }] of this.#loaded) {
        await this.#ask({ kind: 'load', model, folder, options });
      }
      this.#isRestarting = false;
    })();
    // Who waits for it hears of a failed reload; nobody may be waiting.
    this.#ready.catch(() => {});
  }

  #ask(request: Unnumbered<Request>): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new EngineCrashed('the engine is closed'));
      const id = this.#nextId++;
      this.#waiting.set(id, { resolve, reject });
      // A message that cannot be sent is one to a process that is ending: its exit rejects what waits.
      this.#child.send({ ...request, id } satisfies Request, () => {});
    });
  }

  #failWaiting(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
