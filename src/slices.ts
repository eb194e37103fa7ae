// Long work in slices, between which a thread does other things.

import { setImmediate } from 'node:timers/promises';

/** Work that may pause at each `yield`. */
export type Sliced<T> = Generator<undefined, T, void>;

/** How long a slice lasts. Milliseconds. The event loop of the HTTP process is not to be held for more than 20. */
const SLICE_MS = 5;

/** Does the work without a pause. */
export function atOnce<T>(work: Sliced<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/**
 * Does the work in slices. Returns its result where one slice is enough, and else a promise of it. `check` is called
 * between slices, and gives the work up by throwing.
 */
export function inSlices<T>(work: Sliced<T>, check: () => void = () => {}): T | Promise<T> {
  const step = slice(work);
  return step.done ? step.value : inMoreSlices(work, check);
}

async function inMoreSlices<T>(work: Sliced<T>, check: () => void): Promise<T> {
  for (;;) {
    await setImmediate();
    check();
    const step = slice(work);
    if (step.done) return step.value;
  }
}

/** Does one slice of the work, and returns its last step. */
function slice<T>(work: Sliced<T>): IteratorResult<undefined, T> {
  const end = performance.now() + SLICE_MS;
  for (;;) {
    const step = work.next();
    if (step.done || performance.now() >= end) return step;
  }
}
