// What `bench` writes as JSON: a measurement together with its conditions.

import type { LoadTestReport } from './report.js';
import type { ServerReport } from './serverMetrics.js';
import type { SweepReport } from './sweep.js';

/** What two measurements must have in common to be comparable. */
export interface Conditions {
  readonly url: string;
  readonly shape: string;
  readonly model: string | null;
  readonly load: 'closed loop' | 'open loop' | 'sweep';
  /** Requests in flight, or the most of an open loop. */
  readonly concurrency: number;
  /** Requests per second of an open loop. */
  readonly rate: number | null;
  readonly seconds: number;
  readonly warmup: number;
  readonly timeout_ms: number | null;
  /** The name of the file, and the SHA-256 of the requests' texts in it. */
  readonly data: string;
  readonly data_sha256: string;
  readonly texts_per_request: number;
  readonly characters_per_text: number;
  /** Whether each text was made unique, so that the server's result cache could not answer. */
  readonly unique_texts: boolean;
  /** Of the machine that the load came from. */
  readonly processor: string;
  readonly cores: number;
  readonly node: string;
  readonly lsllama: string;
  /** When the measurement began, in ISO 8601. */
  readonly started: string;
}

/** A load test with what the server and the load generator counted meanwhile. */
export interface Measurement extends LoadTestReport {
  /** Null where the server shows no metrics. */
  readonly server: ServerReport | null;
  /** Processor time of the load generator per second: 1 is a whole core. */
  readonly generator_cores: number;
}

export interface RunResult extends Measurement {
  readonly conditions: Conditions;
}

export interface SweepResult extends SweepReport<Measurement> {
  readonly conditions: Conditions;
}

export type Result = RunResult | SweepResult;

export function isSweep(result: Result): result is SweepResult {
  return 'steps' in result;
}
