// One measurement: a load test, with what the server and the load generator count meanwhile.

import type { Send } from './answer.js';
import { type LoadTestOptions, runLoadTest } from './loadTest.js';
import type { Measurement } from './result.js';
import { readMetrics, serverReport } from './serverMetrics.js';

export interface MeasureOptions extends LoadTestOptions {
  /** Where the server shows its metrics, if it does. */
  readonly metrics: URL;
  /** Of the requests for metrics. */
  readonly headers: Readonly<Record<string, string>>;
}

export async function measure(send: Send, options: MeasureOptions): Promise<Measurement> {
  const before = await readMetrics(options.metrics, options.headers);
  const began = performance.now();
  const cpu = process.cpuUsage();
  const report = await runLoadTest(send, options);
  const { user, system } = process.cpuUsage(cpu);
  const milliseconds = performance.now() - began;
  const after = before && (await readMetrics(options.metrics, options.headers));
  return {
    ...report,
    server: before && after ? serverReport(before, after) : null,
    generator_cores: (user + system) / 1000 / milliseconds,
  };
}
