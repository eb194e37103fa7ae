// The objects that every route needs, made once at the start.

import type { Logger } from 'pino';
import type { Encoder } from '../predictor/encoder.js';
import type { ModelStore } from '../predictor/store.js';
import type { Metrics } from './metrics.js';

export interface ServerContext {
  readonly store: ModelStore;
  readonly encoder: Encoder;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Loads a model again. Undefined where requests may not do that. Throws the errors of ModelStore.load. */
  reload?: (name: string) => Promise<void>;
  /** True once the shutdown has begun: new requests are refused. */
  draining: boolean;
}
