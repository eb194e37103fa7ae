// Latencies in an HDR histogram, which keeps four significant figures whatever their range: http://hdrhistogram.org

import { createHistogram } from 'node:perf_hooks';

/** In milliseconds; zeros where there is none. */
export interface Latency {
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly 'p99.9': number;
  readonly mean: number;
  readonly max: number;
}

/** How many latencies are from `from` up to `to`, which they do not reach. Milliseconds. */
export interface Bin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** Latencies are recorded in microseconds, from one to a day. */
const HDR = { lowest: 1, highest: 86_400_000_000, figures: 4 };
/** Bins of equal width on a logarithmic scale: each ends 12% above its start. */
const BINS_PER_DECADE = 20;

export class LatencyHistogram {
  readonly #hdr = createHistogram(HDR);
  /** Counts by the number of the bin, which is negative below a millisecond. */
  readonly #bins = new Map<number, number>();

  get count(): number {
    return this.#hdr.count;
  }

  record(milliseconds: number): void {
    const microseconds = Math.max(HDR.lowest, Math.round(milliseconds * 1000));
    this.#hdr.record(microseconds);
    const bin = Math.floor(Math.log10(microseconds / 1000) * BINS_PER_DECADE);
    this.#bins.set(bin, (this.#bins.get(bin) ?? 0) + 1);
  }

  /** Forgets everything that was recorded. */
  reset(): void {
    this.#hdr.reset();
    this.#bins.clear();
  }

  latency(): Latency {
    const milliseconds = (microseconds: number) => (this.count === 0 ? 0 : microseconds / 1000);
    const at = (percentile: number) => milliseconds(this.#hdr.percentile(percentile));
    return {
      p50: at(50),
      p90: at(90),
      p95: at(95),
      p99: at(99),
      'p99.9': at(99.9),
      mean: milliseconds(this.#hdr.mean),
      max: milliseconds(this.#hdr.max),
    };
  }

  /** From the lowest bin that is not empty to the highest one. */
  bins(): Bin[] {
    const numbers = [...this.#bins.keys()];
    const first = Math.min(...numbers);
    const length = numbers.length === 0 ? 0 : Math.max(...numbers) - first + 1;
    const edge = (bin: number) => 10 ** (bin / BINS_PER_DECADE);
    return Array.from({ length }, (_, i) => first + i).map(bin => ({
      from: edge(bin),
      to: edge(bin + 1),
      count: this.#bins.get(bin) ?? 0,
    }));
  }
}
