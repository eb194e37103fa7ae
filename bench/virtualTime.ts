// Time that passes as fast as the events in it are worked off. performance.now() tells it.

import { MinHeap } from '../dist/text/tokenizer/minHeap.js';

export class VirtualTime {
  /** Milliseconds. */
  now = 0;
  /** The times at which something happens. */
  readonly #times = new MinHeap();
  /** What happens at each of them, in order. */
  readonly #events = new Map<number, (() => void)[]>();

  constructor() {
    performance.now = () => this.now;
  }

  after(milliseconds: number, happen: () => void): void {
    const at = this.now + milliseconds;
    const events = this.#events.get(at);
    if (events) {
      events.push(happen);
      return;
    }
    this.#events.set(at, [happen]);
    this.#times.push(at);
  }

  sleep(milliseconds: number): Promise<void> {
    return new Promise(resolve => this.after(milliseconds, resolve));
  }

  /** Lets everything happen, until nothing is planned any more. */
  async runUntilIdle(): Promise<void> {
    await settled();
    for (let at = this.#times.pop(); at !== undefined; at = this.#times.pop()) {
      this.now = at;
      const events = this.#events.get(at)!;
      this.#events.delete(at);
      for (const happen of events) {
        happen();
        await settled();
      }
    }
  }
}

/** Resolves when all that follows from what has happened is done: promises go before setImmediate. */
function settled(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}
