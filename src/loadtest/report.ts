// What a load test measured. The names are those of the JSON that `bench` writes.

import type { Bin, Latency } from './latency.js';
import type { Interval } from './timeline.js';

export interface LoadTestReport {
  /** The length of the measured period. It is shorter than asked if the test stopped early. */
  readonly seconds: number;
  /** Requests that were due in the measured period. In a closed loop a request is due when it is sent. */
  readonly due: number;
  /** Of those: how many were never sent, because as many as allowed were in flight until the end. */
  readonly unsent: number;
  /** Of those: how many were answered. */
  readonly requests: number;
  readonly due_per_second: number;
  /** Requests that were sent in the measured period, per second. */
  readonly sent_per_second: number;
  /** Answers per second that arrived in the measured period, whenever their requests were due. */
  readonly requests_per_second: number;
  readonly texts_per_second: number;
  /** Null where the answers do not tell how many tokens there were. */
  readonly tokens_per_second: number | null;
  /**
   * From when a request was due to its answer. Unlike the time from the send, it does not leave out the wait of the
   * requests that a slow service keeps from being sent (coordinated omission). Requests that were never sent count with
   * the time until they were given up.
   */
  readonly latency: Latency;
  /** From when a request was sent to its answer. */
  readonly latency_from_send: Latency;
  /** How many requests of the measured period failed, by HTTP status or error name. */
  readonly errors: Readonly<Record<string, number>>;
  /** How long the callers of failed requests waited, by HTTP status or error name. */
  readonly error_latency: Readonly<Record<string, Latency>>;
  /** The first failure of each kind in full. */
  readonly first_errors: Readonly<Record<string, string>>;
  /** The distribution of `latency`. */
  readonly histogram: readonly Bin[];
  /** What happened in each second, from the start of the warm-up. */
  readonly timeline: readonly Interval[];
  /** Why the test stopped early; null if it did not. */
  readonly stopped: string | null;
}

/** How many requests failed. */
export function failuresOf({ errors }: Pick<LoadTestReport, 'errors'>): number {
  return Object.values(errors).reduce((sum, count) => sum + count, 0);
}
