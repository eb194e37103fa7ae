// The supervisor of one engine process: starts it, hands it batches, and starts it again when it crashes.

import { type ChildProcess, fork } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Sequence } from './batch.js';
import type { RuntimeReport } from './probe.js';
import type { Exchange, Kind, Reply, Request, RunReply } from './protocol.js';
import type { SessionOptions } from './session.js';

const PROCESS = fileURLToPath(new URL('./process.js', import.meta.url));

/** The engine process ended, or was closed, while it held this request. A batch may be run again. */
export class EngineCrashed extends Error {
  override readonly name = 'EngineCrashed';
}

/** ONNX Runtime refused a model or a batch. The process goes on running. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
}

/** A request without an answer yet. */
interface Pending {
  readonly resolve: (content: Exchange[Kind]['reply']) => void;
  readonly reject: (error: Error) => void;
}

/** Emits `restart` when the process has ended by itself and a new one is being started. */
export class Engine extends EventEmitter<{ restart: [reason: string] }> {
  readonly #loaded = new Map<string, { readonly folder: string; readonly options: SessionOptions }>();
  readonly #pending = new Map<number, Pending>();
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
   * Loads a model folder under a name, from its copy in the folder `packed` if there is one. After a crash it is loaded
   * from the model folder itself. Throws EngineError if ONNX Runtime cannot load it.
   */
  async load(model: string, folder: string, options: SessionOptions, packed?: string): Promise<void> {
    await this.#ask('load', { model, folder: packed ?? folder, options });
    this.#loaded.set(model, { folder, options });
  }

  /** Releases a model after the batches that were sent before. Does nothing where it is not loaded. */
  async unload(model: string): Promise<void> {
    if (!this.#loaded.delete(model)) return;
    // A process that ends meanwhile has released the model, and its successor does not load it.
    await this.#ask('unload', { model }).catch(() => {});
  }

  /**
   * Writes a copy of a model folder's graph, packed for this processor, into the folder `into`. Throws EngineError if
   * ONNX Runtime cannot load the graph or write the copy.
   */
  async pack(folder: string, into: string): Promise<void> {
    await this.#ask('pack', { folder, into });
  }

  /** Runs one forward pass. Throws EngineCrashed if the process ends meanwhile, EngineError for a refused batch. */
  async run(model: string, sequences: readonly Sequence[]): Promise<RunReply> {
    await this.#ready;
    const reply = await this.#ask('run', { model, sequences });
    this.#crashesInARow = 0;
    return reply;
  }

  /** The version and the execution providers of ONNX Runtime on this machine. */
  probe(): Promise<RuntimeReport> {
    return this.#ask('probe', {});
  }

  /** Ends the process. Requests that it has not answered are rejected with EngineCrashed. */
  close(): void {
    this.#closed = true;
    if (this.#child.connected) this.#child.disconnect();
    this.#failPending(new EngineCrashed('the engine is closed'));
  }

  #start(): ChildProcess {
    const child = fork(PROCESS, {
      // Typed arrays arrive as such: https://nodejs.org/api/child_process.html#advanced-serialization
      serialization: 'advanced',
      // glibc gives each thread an arena of freed memory. One is enough: the threads of a pass do not compete for it.
      env: { ...process.env, MALLOC_ARENA_MAX: '1' },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    child.on('message', (reply: Reply) => {
      const pending = this.#pending.get(reply.id);
      this.#pending.delete(reply.id);
      if ('error' in reply) pending?.reject(new EngineError(reply.error));
      else pending?.resolve(reply.content);
    });
    child.on('exit', (code, signal) => {
      if (!this.#closed) this.#restart(`the engine process ended (${signal ?? `exit code ${code}`})`);
    });
    // An `exit` event follows and tells the reason.
    child.on('error', () => {});
    return child;
  }

  #restart(reason: string): void {
    this.#failPending(new EngineCrashed(reason));
    this.emit('restart', reason);
    this.#isRestarting = true;
    const pause = Math.min(100 * 2 ** this.#crashesInARow++, 10_000);
    this.#ready = (async () => {
      await sleep(pause);
      if (this.#closed) return;
      this.#child = this.#start();
      for (const [model, { folder, options }] of this.#loaded) {
        await this.#ask('load', { model, folder, options });
      }
      this.#isRestarting = false;
    })();
    // The next run() throws the error of a failed reload. Without this handler, Node would end this process first.
    this.#ready.catch(() => {});
  }

  #ask<K extends Kind>(kind: K, content: Exchange[K]['request']): Promise<Exchange[K]['reply']> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new EngineCrashed('the engine is closed'));
      const id = this.#nextId++;
      this.#pending.set(id, { resolve, reject });
      // Sending fails only where the process is ending, and its exit rejects the pending requests.
      this.#child.send({ id, kind, content } satisfies Request<K>, () => {});
    });
  }

  #failPending(error: Error): void {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}
