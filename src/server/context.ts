// The objects that every route needs, made once at the start.

import type { Logger } from 'pino';
import type { Encoder } from '../predictor/encoder.js';
import type { ModelStore } from '../predictor/store.js';
import type { Keyring } from './access/keyring.js';
import type { KeyLimits } from './access/limits.js';
import type { Metrics } from './metrics.js';

export interface ServerContext {
  readonly store: ModelStore;
  readonly encoder: Encoder;
  readonly metrics: Metrics;
  readonly keyring: Keyring;
  readonly limits: KeyLimits;
  readonly log: Logger;
  /** True once the shutdown has begun: new requests are refused. */
  draining: boolean;
}
