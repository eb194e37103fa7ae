// Tells when it is pointless to go on: the service is not there, or the requests are wrong.

import type { Answer } from './answer.js';

/** A load test ends when so many requests were sent, and each failed for a reason that will not pass. */
const FIRST = 20;
/** It also ends when nothing was answered for this time, in which at least FIRST requests failed. Milliseconds. */
const SILENCE_MS = 10_000;
/** The statuses of a service that is there, but refuses at the moment. */
const PASSING = /^(408|425|429|5\d\d)$/;

export class EarlyStop {
  #lastAnswer: number;
  #answered = 0;
  /** Failures since the last answer, and how many of them will pass. */
  #failures = 0;
  #passing = 0;

  constructor(begins: number) {
    this.#lastAnswer = begins;
  }

  /** Returns the reason to stop, if there is one. `now` is on the clock of performance.now(). */
  observe({ outcome, detail }: Answer, now: number): string | undefined {
    if (outcome === 'ok') {
      this.#lastAnswer = now;
      this.#answered++;
      this.#failures = 0;
      this.#passing = 0;
      return;
    }
    this.#failures++;
    if (PASSING.test(outcome)) this.#passing++;
    if (this.#failures < FIRST) return;
    if (this.#answered === 0 && this.#passing === 0) {
      return `the first ${this.#failures} requests failed: ${detail ?? outcome}`;
    }
    if (now - this.#lastAnswer < SILENCE_MS) return;
    return `nothing was answered for ${SILENCE_MS / 1000} s, and ${this.#failures} requests failed: ${detail ?? outcome}`;
  }
}
