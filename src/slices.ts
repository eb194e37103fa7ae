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

/** Does the work in slices. `check` is called between them, and gives the work up by throwing. */
export async function inSlices<T>(work: Sliced<T>, check: () => void = () => {}): Promise<T> {
  for (;;) {
    const end = performance.now() + SLICE_MS;
    do {
      const step = work.next();
      if (step.done) return step.value;
    } while (performance.now() < end);
    await setImmediate();
    check();
  }
}
