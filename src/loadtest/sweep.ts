// Finds the capacity of a service, and the knee of its latency, by a search over rates.

import type { LoadTestReport } from './report.js';

/** What a load test of a sweep does: a closed loop of `concurrency`, or an open loop of `rate` with that many at most. */
export interface Load {
  readonly concurrency: number;
  readonly rate?: number;
}

/** Measures the service under a load. */
export type Measure<Report extends LoadTestReport> = (load: Load) => Promise<Report>;

export interface SweepOptions {
  /** Requests in flight in the closed loop that the search starts from. */
  readonly concurrency: number;
  /** The bound of the p99 latency, counted from when requests were due. Milliseconds. */
  readonly maxP99?: number | undefined;
}

/** A rate that was measured. */
export type Step<Report extends LoadTestReport> = Report & {
  /** Requests per second that were asked for. */
  readonly rate: number;
  /** Whether the service keeps up with the rate. */
  readonly sustained: boolean;
};

export interface SweepReport<Report extends LoadTestReport> {
  /** Answers per second at the greatest rate that the service keeps up with; null if there is none. */
  readonly capacity: number | null;
  /** Answers per second at the rate with the greatest power; null if there is no capacity. */
  readonly knee: number | null;
  /** The bound that was used. Milliseconds. */
  readonly max_p99: number;
  /** One request in flight, and as many as the search started from. */
  readonly alone: Report;
  readonly closed_loop: Report;
  /** In the order of the rates. */
  readonly steps: readonly Step<Report>[];
}

/** The service keeps up with a rate if it answers this share of the requests as they come. */
const ANSWERED = 0.99;
/** Without a bound, the p99 may be this many times the median of a request alone, and a second in any case. */
const TIMES_ALONE = 10;
const SHORTEST_BOUND_MS = 1000;
/** The rates that show how latency grows with load, as shares of the closed loop's rate. The search goes on from the last. */
const CURVE = [0.2, 0.4, 0.6, 0.75, 0.9];
/** The factor between rates until the capacity lies between two of them. */
const STRIDE = 1.25;
/** The search ends when the rates on both sides of the capacity are this close. */
const PRECISION = 1.03;
/** Where what is due scatters more than the search is precise, it measures nearly the same rate again and again. */
const MOST_STEPS = 14;

/** Stops early, with what was measured so far, where a test stopped because nothing answered. */
export async function sweep<Report extends LoadTestReport>(
  measure: Measure<Report>,
  options: SweepOptions,
): Promise<SweepReport<Report>> {
  const alone = await measure({ concurrency: 1 });
  const maxP99 = options.maxP99 ?? Math.max(SHORTEST_BOUND_MS, TIMES_ALONE * alone.latency.p50);
  const closedLoop = alone.stopped ? alone : await measure({ concurrency: options.concurrency });
  const steps: Step<Report>[] = [];
  const start = closedLoop.requests_per_second;
  let low = 0;
  let high = Number.POSITIVE_INFINITY;
  const tryRate = async (rate: number) => {
    const report = await measure({ rate, concurrency: mostInFlight(rate, maxP99, options.concurrency) });
    const sustained = isSustained(report, maxP99);
    steps.push({ ...report, rate, sustained });
    // A Poisson process is not exactly as fast as asked, so the search goes by what was due.
    if (sustained) low = Math.max(low, report.due_per_second);
    else high = Math.min(high, report.due_per_second);
    return report.stopped === null;
  };
  let goesOn = closedLoop.stopped === null && start > 0;
  for (const share of CURVE) goesOn &&= await tryRate(share * start);
  while (goesOn && steps.length < MOST_STEPS && high > PRECISION * low) {
    goesOn = await tryRate(between(low, high));
  }
  return {
    ...capacityAndKnee(steps),
    max_p99: maxP99,
    alone,
    closed_loop: closedLoop,
    steps: steps.toSorted((a, b) => a.due_per_second - b.due_per_second),
  };
}

/**
 * The answers that arrive in the measured period are compared with what was due in it, so a backlog that grows shows at
 * once. Of few requests, as many may be missing as a Poisson count of them scatters.
 */
function isSustained(report: LoadTestReport, maxP99: number): boolean {
  const { seconds, due, requests, requests_per_second, latency } = report;
  const backlog = due - requests_per_second * seconds;
  const keepsUp = backlog <= Math.max((1 - ANSWERED) * due, Math.sqrt(due));
  return due > 0 && requests >= ANSWERED * due && keepsUp && latency.p99 <= maxP99;
}

/**
 * A rate that is answered within the bound has at most rate × bound requests in flight (Little's law). Twice as many
 * never hold it back, and keep the backlog of a greater rate so short that it is soon answered.
 */
function mostInFlight(rate: number, maxP99: number, concurrency: number): number {
  return Math.max(concurrency, Math.ceil((2 * rate * maxP99) / 1000));
}

/** The next rate of the search, whose rates grow and shrink by factors. */
function between(low: number, high: number): number {
  if (high === Number.POSITIVE_INFINITY) return low * STRIDE;
  return low === 0 ? high / STRIDE : Math.sqrt(low * high);
}

/** The knee is where the power, rate divided by mean latency, is greatest (Kleinrock 1979). */
function capacityAndKnee(steps: readonly Step<LoadTestReport>[]): {
  readonly capacity: number | null;
  readonly knee: number | null;
} {
  const sustained = steps.filter(step => step.sustained);
  if (sustained.length === 0) return { capacity: null, knee: null };
  const power = ({ requests_per_second, latency }: LoadTestReport) => requests_per_second / latency.mean;
  const knee = sustained.reduce((best, step) => (power(step) > power(best) ? step : best));
  return {
    capacity: Math.max(...sustained.map(({ requests_per_second }) => requests_per_second)),
    knee: knee.requests_per_second,
  };
}
