// Callers that ask without pause, and compare every answer with the one that the service gave before the fault.

import { createHistogram } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { goldenRequests } from './texts.js';

/** A request. */
interface Question {
  readonly route: string;
  readonly body: string;
}

/** The time over which the rate is taken. Milliseconds. */
const WINDOW_MS = 500;
/** The service has recovered when it answers at this share of its rate before the fault. */
const RECOVERED = 0.9;

export class Load {
  requests = 0;
  wrong = 0;
  readonly failed: Record<string, number> = {};
  #url: string;
  readonly #questions: readonly Question[];
  /** The results that are right for each question, as JSON: those of every version of the models. */
  readonly #right: Set<string>[];
  /** When each right answer arrived. Milliseconds on the clock of performance.now(). */
  readonly #answered: number[] = [];
  readonly #latencies = createHistogram();
  #callers: Promise<void>[] = [];
  #stopped = false;

  constructor(url: string, questions: readonly Question[] = goldenRequests()) {
    this.#url = url;
    this.#questions = questions;
    this.#right = questions.map(() => new Set());
  }

  /** Learns what is right from the answers that the service gives now, and starts the callers. */
  static async start(url: string, callers = 32): Promise<Load> {
    const load = new Load(url);
    await load.learn();
    load.run(callers);
    return load;
  }

  /** Asks every question once. The answers are right from now on, beside those that were learnt before. */
  async learn(): Promise<void> {
    for (const [i, { route, body }] of this.#questions.entries()) {
      const response = await post(`${this.#url}${route}`, body);
      this.#right[i]!.add(JSON.stringify(((await response.json()) as { results: object }).results));
    }
  }

  /** Asks another service from now on. */
  moveTo(url: string): void {
    this.#url = url;
  }

  /** Starts callers, each of which asks one question after another. */
  run(callers: number): void {
    this.#callers = Array.from({ length: callers }, (_, caller) => this.#call(caller));
  }

  /** Answers per second in the last `milliseconds`. */
  rate(milliseconds = 3000): number {
    const from = performance.now() - milliseconds;
    const first = this.#answered.findLastIndex(time => time < from) + 1;
    return ((this.#answered.length - first) / milliseconds) * 1000;
  }

  /** Percentiles of the right answers' latencies since the last call. Milliseconds. */
  takeLatencies(): { readonly p50: number; readonly p99: number } {
    const at = (percentile: number) => this.#latencies.percentile(percentile) / 1000;
    const latencies = { p50: at(50), p99: at(99) };
    this.#latencies.reset();
    return latencies;
  }

  /** Resolves to the seconds from now until the service answers at nearly the given rate again. Gives up after a minute. */
  async recovery(before: number): Promise<number> {
    const started = performance.now();
    const after = this.#answered.length;
    while (performance.now() - started < 60_000) {
      await sleep(50);
      if (
        this.#answered.length - after > before * (WINDOW_MS / 1000) &&
        this.rate(WINDOW_MS) >= RECOVERED * before
      )
        break;
    }
    return (performance.now() - started) / 1000;
  }

  /** Stops the callers once they have their last answers. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#callers);
  }

  async #call(caller: number): Promise<void> {
    for (let next = caller * 7; !this.#stopped; next++) {
      const index = next % this.#questions.length;
      const { route, body } = this.#questions[index]!;
      this.requests++;
      const sent = performance.now();
      try {
        const response = await post(`${this.#url}${route}`, body);
        const text = await response.text();
        if (!response.ok) this.#fail(String(response.status));
        else if (this.#isRight(index, text)) this.#record(sent);
        else this.wrong++;
      } catch (error) {
        this.#fail(
          ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code ?? (error as Error).name,
        );
      }
    }
  }

  #isRight(index: number, answer: string): boolean {
    const { results } = JSON.parse(answer) as { results: object };
    return this.#right[index]!.has(JSON.stringify(results));
  }

  #record(sent: number): void {
    const now = performance.now();
    this.#answered.push(now);
    this.#latencies.record(Math.round((now - sent) * 1000));
  }

  #fail(reason: string): void {
    this.failed[reason] = (this.failed[reason] ?? 0) + 1;
  }
}

function post(url: string, body: string): Promise<Response> {
  return fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
}
