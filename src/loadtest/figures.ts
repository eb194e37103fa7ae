// The figures of a result by the names that `--fail-if` and `compare` give them.

import type { Latency } from './latency.js';
import { failuresOf } from './report.js';
import { isSweep, type Result } from './result.js';

export type Unit = 'ms' | '/s' | '%' | '';

export interface Figure {
  readonly unit: Unit;
  /** Null where it was not measured. */
  of(result: Result): number | null;
}

const LATENCIES = ['p50', 'p90', 'p95', 'p99', 'p99.9', 'mean', 'max'] as const;

/** The latencies of a sweep are those at its knee. */
export const FIGURES: Readonly<Record<string, Figure>> = {
  ...Object.fromEntries(LATENCIES.map(name => [name, { unit: 'ms', of: latencyOf(name) } satisfies Figure])),
  rate: { unit: '/s', of: result => (isSweep(result) ? result.capacity : result.requests_per_second) },
  texts: { unit: '/s', of: result => (isSweep(result) ? null : result.texts_per_second) },
  tokens: { unit: '/s', of: result => (isSweep(result) ? null : result.tokens_per_second) },
  errors: { unit: '', of: result => (isSweep(result) ? null : failuresOf(result)) },
  error_rate: {
    unit: '%',
    of: result => (isSweep(result) || result.due === 0 ? null : (100 * failuresOf(result)) / result.due),
  },
  unsent: { unit: '', of: result => (isSweep(result) ? null : result.unsent) },
  capacity: { unit: '/s', of: result => (isSweep(result) ? result.capacity : null) },
  knee: { unit: '/s', of: result => (isSweep(result) ? result.knee : null) },
};

function latencyOf(name: keyof Latency): Figure['of'] {
  return result => {
    const report = isSweep(result)
      ? result.steps.find(({ requests_per_second }) => requests_per_second === result.knee)
      : result;
    return report === undefined || report.requests === 0 ? null : report.latency[name];
  };
}
