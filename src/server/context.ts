// What every route needs, made once at start.

import type { Logger } from 'pino';
import type { Encoder } from '../predictor/encoder.js';
import type { ModelStore } from '../predictor/store.js';
import type { Metrics } from './metrics.js';

export interface ServerContext {
  readonly store: ModelStore;
  readonly encoder: Encoder;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Callers have to bring it as a bearer token, where it is set. */
  readonly apiKey: string | undefined;
  /** True once shutdown has begun. */
  draining: boolean;
}
