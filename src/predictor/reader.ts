// Reads what callers send without holding up the others: short texts here, long ones in a thread.

import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import pLimit from 'p-limit';
import { DeadlinePassed } from '../scheduler/errors.js';
import type { LoadedModel, Urgency } from './predictor.js';
import { type Read, readInline, sizeOf, type ToRead, type Unusable } from './read.js';
import type { ReadTask } from './readThread.js';

/** UTF-16 units that are read here: on one core some 10 ms. */
const INLINE_SIZE = 20_000;
const THREAD = new URL('./readThread.js', import.meta.url);

let thread: Worker | undefined;
/** One at a time, so that what nobody waits for any more is dropped before its turn. */
const turn = pLimit(1);

/** Throws DeadlinePassed where nobody waits any more when its turn comes. */
export async function read<T extends ToRead>(
  model: LoadedModel,
  toRead: T,
  { deadline, signal }: Urgency,
): Promise<Read<T> | Unusable> {
  if (sizeOf(toRead) <= INLINE_SIZE) return readInline(model, toRead);
  return turn(async () => {
    if (signal?.aborted || deadline <= performance.now()) {
      throw new DeadlinePassed('the deadline passed before the text was read');
    }
    return (await ask({ folder: model.folder, toRead })) as Read<T> | Unusable;
  });
}

/** Resolves when every text that came before has been read, and handed to its scheduler. */
export function readingDone(): Promise<void> {
  return turn(() => setImmediate());
}

async function ask(task: ReadTask): Promise<unknown> {
  thread ??= startThread();
  const answer = once(thread, 'message');
  thread.postMessage(task);
  try {
    return (await answer)[0];
  } catch (error) {
    // It has ended; the next text gets a new one.
    thread = undefined;
    throw error;
  }
}

function startThread(): Worker {
  const worker = new Worker(THREAD);
  worker.unref();
  return worker;
}
