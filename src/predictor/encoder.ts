// Encodes requests without holding up others: short texts in the caller's thread, long ones in a worker thread.

import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import pLimit from 'p-limit';
import { DeadlinePassed } from '../scheduler/errors.js';
import type { EncoderMessage } from './encoderThread.js';
import { type Encoded, type EncodeTask, encodeAll, sizeOf, type Unusable } from './encodeTask.js';
import type { LoadedModel, Urgency } from './model.js';

/** Larger tasks go to the worker thread. In UTF-16 units; a core encodes this many in some 10 ms. */
const INLINE_SIZE = 20_000;
const THREAD = new URL('./encoderThread.js', import.meta.url);

/** Owns the worker thread, which starts with the first long text and ends with close(). */
export class Encoder {
  #thread: Worker | undefined;
  /** The thread gets one task at a time, so that a task whose caller has given up is dropped before its turn. */
  readonly #turn = pLimit(1);

  /**
   * Encodes the texts of one request; results in their order.
   * Throws DeadlinePassed if the deadline passes, or the caller gives up, before the worker thread is free.
   */
  async encode<T extends EncodeTask>(
    model: LoadedModel,
    task: T,
    { deadline, signal }: Urgency,
  ): Promise<Encoded<T> | Unusable> {
    if (sizeOf(task) <= INLINE_SIZE) return encodeAll(model, task);
    return this.#turn(async () => {
      if (signal?.aborted || deadline <= performance.now()) {
        throw new DeadlinePassed('the deadline passed before the text was encoded');
      }
      const { name, folder, stamp } = model;
      const answer = await this.#ask({ name, folder, stamp, task });
      return answer === 'changed' ? encodeAll(model, task) : (answer as Encoded<T> | Unusable);
    });
  }

  /** Resolves when every task taken so far is encoded and its caller has had the chance to submit the sequences. */
  drain(): Promise<void> {
    return this.#turn(() => setImmediate());
  }

  /** Ends the worker thread. To be called after drain(): a task that it still holds is never answered. */
  async close(): Promise<void> {
    await this.#thread?.terminate();
    this.#thread = undefined;
  }

  async #ask(message: EncoderMessage): Promise<unknown> {
    this.#thread ??= new Worker(THREAD);
    const answer = once(this.#thread, 'message');
    this.#thread.postMessage(message);
    try {
      return (await answer)[0];
    } catch (error) {
      // The thread has ended with this error. The next task starts a new one.
      this.#thread = undefined;
      throw error;
    }
  }
}
