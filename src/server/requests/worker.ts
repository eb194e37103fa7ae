// The HTTP process's side of the worker thread for requests with large bodies.

import { Worker } from 'node:worker_threads';
import { Problem } from '../../api/problem.js';
import type { FromWorker, Step, StepResults, Steps, ToWorker } from './messages.js';

const THREAD = new URL('./thread.js', import.meta.url);

/**
 * How long the thread may take to notice that a request has ended. It notices between two slices, and a slice that
 * takes longer, such as a pattern that a text drives through all its ways, may never end. Milliseconds.
 */
const STUCK_MS = 10_000;

/** A step was asked for, or went on, after its request had ended. */
export class RequestEnded extends Error {
  override readonly name = 'RequestEnded';
}

interface Waiting {
  resolve(result: never): void;
  reject(error: Error): void;
}

export class RequestWorker {
  readonly #thread: Worker;
  /** The steps that the thread works on, by the id of their request. */
  readonly #waiting = new Map<number, Waiting>();
  /** The requests of which the thread has not said yet that it has forgotten them. */
  readonly #ending = new Map<number, NodeJS.Timeout>();
  readonly #onError: (error: Error) => void;
  #hasEnded = false;

  /**
   * The thread ends if it needs more than `maxHeap` MiB, and is ended if it is stuck. `onError` is called then, and
   * every request that it holds is refused.
   */
  constructor(maxHeap: number, onError: (error: Error) => void) {
    this.#thread = new Worker(THREAD, { resourceLimits: { maxOldGenerationSizeMb: maxHeap } });
    this.#thread.on('message', (message: FromWorker) => this.#settle(message));
    this.#onError = onError;
    this.#thread.on('error', onError);
    this.#thread.on('exit', () => {
      this.#hasEnded = true;
      for (const timer of this.#ending.values()) clearTimeout(timer);
      for (const { reject } of this.#waiting.values()) reject(threadEnded());
      this.#waiting.clear();
    });
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Does a step of a request. Throws Problem for a request that is refused, and if the thread ends. */
  ask<S extends Step>(
    id: number,
    step: S,
    content: Steps[S],
    transfers: ArrayBuffer[] = [],
  ): Promise<StepResults[S]> {
    if (this.#hasEnded) return Promise.reject(threadEnded());
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#thread.postMessage({ id, step, content } as ToWorker, transfers);
    });
  }

  /** Has the thread forget a request. The step that it works on is given up, and throws RequestEnded here. */
  end(id: number): void {
    this.#waiting.get(id)?.reject(new RequestEnded());
    this.#waiting.delete(id);
    if (this.#hasEnded) return;
    this.#thread.postMessage({ id, step: 'end' } satisfies ToWorker);
    this.#ending.set(id, setTimeout(() => this.#endStuck(), STUCK_MS).unref());
  }

  async close(): Promise<void> {
    await this.#thread.terminate();
  }

  #endStuck(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#onError(
      new Error(`a step of a request went on for ${STUCK_MS / 1000} s after the request had ended`),
    );
    void this.#thread.terminate();
  }

  #settle(message: FromWorker): void {
    if ('hasEnded' in message) {
      clearTimeout(this.#ending.get(message.id));
      this.#ending.delete(message.id);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if ('result' in message) waiting?.resolve(message.result as never);
    else if ('problem' in message) {
      const { status, detail, options } = message.problem;
      waiting?.reject(new Problem(status, detail, options));
    } else waiting?.reject(message.error);
  }
}

function threadEnded(): Problem {
  return new Problem(503, 'the request needs more memory or time than there is: send fewer texts at once', {
    reason: 'memory',
    headers: { 'retry-after': '1' },
  });
}
