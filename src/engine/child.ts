// One engine process as its parent sees it: sends it requests, and ends it when it hangs.

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { forkComputing } from './computing.js';
import { EngineCrashed, EngineError } from './errors.js';
import { BEAT_MS, HEARTBEAT_FD, Heartbeat } from './heartbeat.js';
import { PassBound } from './passBound.js';
import type { Exchange, Kind, Reply, Request, RunReply } from './protocol.js';
import { countTokens } from './sequence.js';

const PROCESS = new URL('./process.js', import.meta.url);

/** How long a process that was told to end may take for it. Milliseconds. */
const CLOSE_MS = 1000;

/** A request without an answer yet. */
interface Pending {
  readonly request: Request;
  readonly resolve: (content: Exchange[Kind]['reply']) => void;
  readonly reject: (error: Error) => void;
  /** Whether the process was up when the request was sent. */
  readonly wasUp: boolean;
  /** The number of ticks since the process turned to this request. */
  ticks: number;
}

export class EngineChild {
  /** Resolves when the process has ended. */
  readonly #ended: Promise<void>;
  readonly #process: ChildProcess;
  readonly #heartbeat = new Heartbeat();
  /** The bound of each model that has run. */
  readonly #bounds = new Map<string, PassBound>();
  /** In the order in which the process answers. */
  readonly #pending = new Map<number, Pending>();
  #nextId = 0;
  /** Why this side has killed the process. */
  #hung: string | undefined;
  #hasEnded = false;

  /**
   * Starts the process. When it has ended, `onEnd` is called with the reason, before requests without an answer are
   * rejected. Throws where the system has no memory for a process.
   */
  constructor(onEnd: (reason: string) => void = () => {}) {
    // The pipe is that of the heartbeat, with the file descriptor HEARTBEAT_FD.
    this.#process = forkComputing(PROCESS, 'pipe');
    this.#process.on('message', (reply: Reply) => this.#answer(reply));
    this.#listenToHeart();
    const ticker = setInterval(() => this.#tick(), BEAT_MS).unref();
    this.#ended = this.#end().then(reason => {
      clearInterval(ticker);
      this.#hasEnded = true;
      onEnd(reason);
      this.#failPending(reason);
    });
  }

  /** Sends a request. Throws EngineCrashed if the process ends meanwhile, EngineError for what ONNX Runtime refuses. */
  ask<K extends Kind>(kind: K, content: Exchange[K]['request']): Promise<Exchange[K]['reply']> {
    return new Promise((resolve, reject) => {
      if (this.#hasEnded) return reject(new EngineCrashed('the engine process has ended', false));
      const request = { id: this.#nextId++, kind, content } as Request;
      const { connected } = this.#process;
      const wasUp = connected && this.#heartbeat.isSteady;
      this.#pending.set(request.id, { request, resolve, reject, wasUp, ticks: 0 });
      // Sending fails only where the process is ending, and its exit rejects the pending requests.
      if (connected) this.#process.send(request, () => {});
    });
  }

  /**
   * Ends the process, and kills it where it is paused or busy and does not end. Requests that it has not answered are
   * rejected with EngineCrashed. Resolves when it has ended.
   */
  async close(): Promise<void> {
    if (this.#process.connected) this.#process.disconnect();
    this.#failPending('the engine is closed');
    const kill = setTimeout(() => this.#process.kill('SIGKILL'), CLOSE_MS);
    await this.#ended;
    clearTimeout(kill);
  }

  #answer(reply: Reply): void {
    this.#heartbeat.beat();
    const pending = this.#pending.get(reply.id);
    if (!pending) return;
    this.#pending.delete(reply.id);
    const { request, resolve, reject } = pending;
    if ('error' in reply) {
      reject(new EngineError(reply.error));
      return;
    }
    if (request.kind === 'unload') this.#bounds.delete(request.content.model);
    const pass = passOf(request);
    if (pass) {
      const { seconds } = reply.content as RunReply;
      this.#boundOf(pass.model).observe(pass.tokens, seconds * 1000);
    }
    resolve(reply.content);
  }

  #listenToHeart(): void {
    // A process that could not be started has no pipes.
    const pipe = (this.#process.stdio as ChildProcess['stdio'] | undefined)?.[HEARTBEAT_FD];
    // The pipe breaks when the process ends, which is noticed by its exit.
    pipe?.on('data', () => this.#heartbeat.beat()).on('error', () => {});
  }

  #tick(): void {
    this.#hung ??= this.#heartbeat.tick() ?? this.#overduePass();
    if (this.#hung !== undefined) this.#process.kill('SIGKILL');
  }

  /** Counts a tick of the pass that runs, if one does. Returns what is wrong once it has taken longer than its bound. */
  #overduePass(): string | undefined {
    const [oldest] = this.#pending.values();
    const pass = oldest && passOf(oldest.request);
    if (!pass) return undefined;
    const bound = this.#boundOf(pass.model).of(pass.tokens);
    if (++oldest.ticks * BEAT_MS <= bound) return undefined;
    return `hung: no answer to a batch of ${pass.tokens} tokens in ${Math.round(bound / 1000)} s`;
  }

  #boundOf(model: string): PassBound {
    const bound = this.#bounds.get(model) ?? new PassBound();
    this.#bounds.set(model, bound);
    return bound;
  }

  /** Resolves to the reason when the process has ended, or could not be started. */
  async #end(): Promise<string> {
    const started = once(this.#process, 'spawn').then(
      () => undefined,
      (error: Error) => `the engine process could not be started: ${error.message}`,
    );
    const exited = new Promise<string>(resolve => {
      this.#process.once('exit', (code, signal) =>
        resolve(this.#hung ?? `the engine process ended (${signal ?? `exit code ${code}`})`),
      );
    });
    // Any other error is one of sending or killing, where an exit follows.
    this.#process.on('error', () => {});
    return (await started) ?? exited;
  }

  #failPending(reason: string): void {
    for (const { reject, wasUp } of this.#pending.values()) reject(new EngineCrashed(reason, wasUp));
    this.#pending.clear();
  }
}

/** The model and the number of tokens of a forward pass; undefined for another request. */
function passOf(request: Request): { readonly model: string; readonly tokens: number } | undefined {
  switch (request.kind) {
    case 'run':
      return { model: request.content.model, tokens: countTokens(request.content.sequences) };
    case 'runChunk': {
      const { model, chunk } = request.content;
      return { model, tokens: chunk.end - chunk.start };
    }
    default:
      return undefined;
  }
}
