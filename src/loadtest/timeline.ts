// What happens in each second of a load test, for the figures that are shown meanwhile and for plots.

import { LatencyHistogram } from './latency.js';

/** What happened in an interval. */
export interface Interval {
  /** The end of the interval, in seconds from the start of the measured period. It is negative during the warm-up. */
  readonly at: number;
  /** Requests per second. */
  readonly sent: number;
  readonly answered: number;
  readonly failed: number;
  /** Latencies of the answers that arrived in the interval, from when their requests were due. Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Requests in flight at the end of the interval. */
  readonly in_flight: number;
}

export class Timeline {
  readonly intervals: Interval[] = [];
  /** The start of the measured period, and of the present interval, on the clock of performance.now(). */
  readonly #zero: number;
  #began: number;
  #counts = { sent: 0, answered: 0, failed: 0 };
  #inFlight = 0;
  readonly #latencies = new LatencyHistogram();

  constructor(begins: number, zero: number) {
    this.#began = begins;
    this.#zero = zero;
  }

  sent(): void {
    this.#counts.sent++;
    this.#inFlight++;
  }

  answered(milliseconds: number): void {
    this.#inFlight--;
    this.#counts.answered++;
    this.#latencies.record(milliseconds);
  }

  failed(): void {
    this.#inFlight--;
    this.#counts.failed++;
  }

  /** How long the present interval has lasted. Milliseconds. */
  length(now: number): number {
    return now - this.#began;
  }

  /** Ends the present interval, and begins the next one. */
  close(now: number): Interval {
    const seconds = (now - this.#began) / 1000;
    const { p50, p99 } = this.#latencies.latency();
    const { sent, answered, failed } = this.#counts;
    const interval = {
      at: (now - this.#zero) / 1000,
      sent: sent / seconds,
      answered: answered / seconds,
      failed: failed / seconds,
      p50,
      p99,
      in_flight: this.#inFlight,
    };
    this.intervals.push(interval);
    this.#began = now;
    this.#counts = { sent: 0, answered: 0, failed: 0 };
    this.#latencies.reset();
    return interval;
  }
}
