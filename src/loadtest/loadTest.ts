// A load test: a closed loop keeps a number of requests in flight, an open loop sends a number of them per second.

import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { Answer, Send } from './answer.js';
import { poissonArrivals } from './arrivals.js';
import { EarlyStop } from './earlyStop.js';
import { type Period, Recorder } from './recorder.js';
import type { LoadTestReport } from './report.js';
import type { Interval } from './timeline.js';

export interface LoadTestOptions {
  /** Seconds of the measured period. */
  readonly seconds: number;
  /** Seconds of load before the measured period. */
  readonly warmup: number;
  /** Requests in flight. In an open loop it is the most, and without it there is no limit. */
  readonly concurrency?: number | undefined;
  /** Requests per second, at random intervals (a Poisson process). Without it, the loop is closed. */
  readonly rate?: number | undefined;
  /** Is told of each second that has passed. */
  readonly onInterval?: (interval: Interval) => void;
}

const INTERVAL_MS = 1000;
/** An open loop that is late lets answers in after so many requests. */
const BURST = 32;

/**
 * Sends requests for `warmup` and `seconds`, waits for the last answers, and reports on the measured period. It stops
 * early, without waiting, where nothing answers.
 */
export async function runLoadTest(send: Send, options: LoadTestOptions): Promise<LoadTestReport> {
  const begins = performance.now();
  const starts = begins + options.warmup * 1000;
  const test = new LoadTest(send, { begins, starts, ends: starts + options.seconds * 1000 });
  const { onInterval = () => {} } = options;
  const ticking = setInterval(() => onInterval(test.recorder.closeInterval(performance.now())), INTERVAL_MS);
  const loop =
    options.rate === undefined
      ? closedLoop(test, options.concurrency ?? 1)
      : openLoop(test, options.rate, options.concurrency ?? Number.POSITIVE_INFINITY);
  await Promise.race([loop, test.stopped]);
  clearInterval(ticking);
  return test.recorder.report(performance.now(), test.reason);
}

/** A load test that is under way. */
class LoadTest {
  readonly period: Period;
  readonly recorder: Recorder;
  /** Resolves if the test stops early. */
  readonly stopped: Promise<void>;
  /** Why the test stopped early. */
  reason: string | undefined;
  readonly #send: Send;
  readonly #earlyStop: EarlyStop;
  #stop = () => {};

  constructor(send: Send, period: Period) {
    this.#send = send;
    this.period = period;
    this.recorder = new Recorder(period);
    this.#earlyStop = new EarlyStop(period.begins);
    this.stopped = new Promise(resolve => {
      this.#stop = resolve;
    });
  }

  get isStopped(): boolean {
    return this.reason !== undefined;
  }

  /** Sends a request that is due at the given time. */
  async send(due: number): Promise<void> {
    const sent = performance.now();
    this.recorder.send({ due, sent });
    const answer = await this.#send();
    this.#receive({ due, sent }, answer);
  }

  #receive(request: { due: number; sent: number }, answer: Answer): void {
    if (this.isStopped) return;
    const now = performance.now();
    this.recorder.receive(request, answer, now);
    this.reason = this.#earlyStop.observe(answer, now);
    if (this.isStopped) this.#stop();
  }
}

async function closedLoop(test: LoadTest, concurrency: number): Promise<void> {
  const caller = async () => {
    while (!test.isStopped && performance.now() < test.period.ends) await test.send(performance.now());
  };
  await Promise.all(Array.from({ length: concurrency }, caller));
}

/**
 * Requests are due whether or not earlier ones are answered, so a slow service raises the latencies instead of lowering
 * the load. Those that find as many in flight as allowed wait for their turn.
 */
async function openLoop(test: LoadTest, rate: number, concurrency: number): Promise<void> {
  const { begins, starts, ends } = test.period;
  const limit = pLimit(concurrency);
  const running = new Set<Promise<void>>();
  let isOver = false;
  let burst = 0;
  // A backlog of the warm-up would be all that a slow service answers in the measured period.
  const sendOrGiveUp = async (due: number) => {
    const now = performance.now();
    if (isOver || (due < starts && now >= starts)) test.recorder.giveUp(due, now);
    else await test.send(due);
  };
  for (const offset of poissonArrivals(rate)) {
    const due = begins + offset;
    if (due > performance.now()) burst = 0;
    else if (++burst % BURST === 0) await setImmediate();
    await until(Math.min(due, ends));
    if (due >= ends || test.isStopped) break;
    const request = limit(sendOrGiveUp, due).finally(() => running.delete(request));
    running.add(request);
  }
  // What was due last is sent, and what still waits for its turn is given up.
  await setImmediate();
  isOver = true;
  await Promise.all(running);
}

/** A timer ends up to a millisecond late. What is due meanwhile is sent at once. */
async function until(time: number): Promise<void> {
  for (let wait = time - performance.now(); wait > 0; wait = time - performance.now()) await sleep(wait);
}
