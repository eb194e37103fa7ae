// One worker process as the training run sees it: one request at a time, and an answer to each unless the process ends.

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { forkComputing } from '../engine/computing.js';
import { EngineError } from '../engine/errors.js';
import { UserError } from '../errors.js';
import type { Exchange, Kind, Reply } from './exchange.js';

const PROGRAM = new URL('./worker.js', import.meta.url);

export class WorkerProcess {
  readonly #process: ChildProcess;

  constructor() {
    this.#process = forkComputing(PROGRAM);
  }

  /**
   * Sends a request. Throws UserError where the process has ended or ends, EngineError for what ONNX Runtime refuses, and
   * what the file system throws.
   */
  async ask<K extends Kind>(kind: K, content: Exchange[K]['request']): Promise<Exchange[K]['reply']> {
    const answered = new AbortController();
    const { signal } = answered;
    try {
      const replied = once(this.#process, 'message', { signal }) as Promise<[Reply]>;
      const ended = this.#hasEnded ? Promise.resolve() : once(this.#process, 'exit', { signal });
      this.#process.send({ kind, content }, () => {});
      const [reply] = await Promise.race([replied, ended.then(() => [undefined])]);
      if (!reply) {
        throw new UserError(
          `a worker process of this run ended (${this.#reason}), perhaps for lack of memory: the state that was saved last stays, and --resume goes on from it`,
        );
      }
      if ('error' in reply) {
        const { error, code } = reply;
        throw code === undefined ? new EngineError(error) : Object.assign(new Error(error), { code });
      }
      return reply.content as Exchange[K]['reply'];
    } finally {
      answered.abort();
    }
  }

  /** Ends the process. Resolves when it has ended. */
  async end(): Promise<void> {
    if (this.#hasEnded) return;
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exited;
  }

  get #hasEnded(): boolean {
    const { exitCode, signalCode } = this.#process;
    return exitCode !== null || signalCode !== null;
  }

  get #reason(): string {
    const { exitCode, signalCode } = this.#process;
    return signalCode ?? `exit code ${exitCode}`;
  }
}
