// Counts what was sent, answered and refused in the measured period of a load test.

import type { Answer } from './answer.js';
import { LatencyHistogram } from './latency.js';
import type { LoadTestReport } from './report.js';
import { type Interval, Timeline } from './timeline.js';

/** Times of a load test, in milliseconds on the clock of performance.now(). */
export interface Period {
  /** The start of the warm-up. */
  readonly begins: number;
  /** The measured period. */
  readonly starts: number;
  readonly ends: number;
}

/** A request on its way. Milliseconds on the clock of performance.now(). */
export interface Request {
  readonly due: number;
  readonly sent: number;
}

/** The rest of a test that is shorter than this gets no interval of its own. Milliseconds. */
const SHORTEST_INTERVAL = 250;

interface Failure {
  readonly first: string;
  readonly waits: LatencyHistogram;
}

export class Recorder {
  readonly #period: Period;
  readonly #timeline: Timeline;
  /** From when the requests were due, and from when they were sent. */
  readonly #latency = new LatencyHistogram();
  readonly #latencyFromSend = new LatencyHistogram();
  readonly #failures = new Map<string, Failure>();
  #due = 0;
  #sent = 0;
  #unsent = 0;
  #requests = 0;
  /** What arrived in the measured period. */
  #answered = { requests: 0, texts: 0, tokens: 0 };

  constructor(period: Period) {
    this.#period = period;
    this.#timeline = new Timeline(period.begins, period.starts);
  }

  /** A request is sent. */
  send({ due, sent }: Request): void {
    this.#timeline.sent();
    if (this.#isMeasured(due)) this.#due++;
    if (this.#isMeasured(sent)) this.#sent++;
  }

  /**
   * A request is given up at `now`, because those in flight left no room for it. It counts as if it was answered now, so
   * the latencies are at least as long as they are said to be.
   */
  giveUp(due: number, now: number): void {
    if (!this.#isMeasured(due)) return;
    this.#due++;
    this.#unsent++;
    this.#latency.record(now - due);
  }

  /** A request is answered, or has failed. */
  receive({ due, sent }: Request, { outcome, detail, texts = 1, tokens = 0 }: Answer, now: number): void {
    if (outcome !== 'ok') {
      this.#timeline.failed();
      if (this.#isMeasured(due)) this.#failure(outcome, detail).waits.record(now - due);
      return;
    }
    this.#timeline.answered(now - due);
    // Throughput counts an answer when it arrives. Latencies and failures count a request when it is due.
    if (this.#isMeasured(now)) {
      this.#answered.requests++;
      this.#answered.texts += texts;
      this.#answered.tokens += tokens;
    }
    if (!this.#isMeasured(due)) return;
    this.#requests++;
    this.#latency.record(now - due);
    this.#latencyFromSend.record(now - sent);
  }

  /** Ends an interval of the timeline. */
  closeInterval(now: number): Interval {
    return this.#timeline.close(now);
  }

  /** The report on the measured period, which ended early if a reason is given. */
  report(now: number, stopped: string | undefined): LoadTestReport {
    if (this.#timeline.length(now) >= SHORTEST_INTERVAL) this.#timeline.close(now);
    const { starts, ends } = this.#period;
    const seconds = Math.max(0, Math.min(now, ends) - starts) / 1000;
    const perSecond = (count: number) => (seconds === 0 ? 0 : count / seconds);
    const failures = [...this.#failures];
    return {
      seconds,
      due: this.#due,
      unsent: this.#unsent,
      requests: this.#requests,
      due_per_second: perSecond(this.#due),
      sent_per_second: perSecond(this.#sent),
      requests_per_second: perSecond(this.#answered.requests),
      texts_per_second: perSecond(this.#answered.texts),
      tokens_per_second: this.#answered.tokens === 0 ? null : perSecond(this.#answered.tokens),
      latency: this.#latency.latency(),
      latency_from_send: this.#latencyFromSend.latency(),
      errors: Object.fromEntries(failures.map(([kind, { waits }]) => [kind, waits.count])),
      error_latency: Object.fromEntries(failures.map(([kind, { waits }]) => [kind, waits.latency()])),
      first_errors: Object.fromEntries(failures.map(([kind, { first }]) => [kind, first])),
      histogram: this.#latency.bins(),
      timeline: this.#timeline.intervals,
      stopped: stopped ?? null,
    };
  }

  #failure(kind: string, detail = kind): Failure {
    const known = this.#failures.get(kind);
    if (known) return known;
    const failure = { first: detail, waits: new LatencyHistogram() };
    this.#failures.set(kind, failure);
    return failure;
  }

  #isMeasured(time: number): boolean {
    return time >= this.#period.starts && time < this.#period.ends;
  }
}
