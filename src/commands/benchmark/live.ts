// What is shown of a load test while it runs.

import type { Interval } from '../../loadtest/timeline.js';
import { startProgress } from '../progress.js';

/** Between two updates of the time. Milliseconds. */
const UPDATE_MS = 100;

export interface Live {
  /** Shows the figures of the last second. */
  show(interval: Interval): void;
  end(): void;
}

/** Shows the load test `name` of so many seconds, and how it goes, until it ends. */
export function showLive(name: string, warmup: number, seconds: number): Live {
  const progress = startProgress();
  const started = performance.now();
  let figures = '';
  const update = () => {
    const measured = (performance.now() - started) / 1000 - warmup;
    progress.update(
      name,
      measured < 0
        ? { stage: `warm-up${figures}`, done: measured + warmup, total: warmup }
        : { stage: `load${figures}`, done: Math.min(measured, seconds), total: seconds },
    );
  };
  update();
  const ticking = setInterval(update, UPDATE_MS);
  return {
    show(interval) {
      figures = ` ${figuresText(interval)},`;
    },
    end() {
      clearInterval(ticking);
      progress.end(name);
    },
  };
}

/** It is short, so that the bar beside it fits into 80 columns. */
function figuresText({ answered, p50, p99, failed }: Interval): string {
  const latency = answered > 0 ? `p50 ${p50.toFixed(0)}, p99 ${p99.toFixed(0)} ms` : 'no answer';
  const failures = failed > 0 ? `, ${failed.toFixed(0)} failed/s` : '';
  return `${answered.toFixed(0)}/s, ${latency}${failures}`;
}
