// The objects that every route needs, made once at the start.

import type { Logger } from 'pino';
import type { ModelStore } from '../predictor/store.js';
import type { Keyring } from './access/keyring.js';
import type { KeyLimits } from './access/limits.js';
import type { Metrics } from './metrics.js';
import type { Requests } from './requests/requests.js';
import type { Tracing } from './tracing/tracing.js';

/** In milliseconds. */
export interface Timeouts {
  /** How long a request waits for its answer if it does not say. */
  readonly timeoutMs: number;
  /** The longest time that a request may ask for. */
  readonly maxTimeoutMs: number;
}

export interface ServerContext {
  readonly store: ModelStore;
  readonly requests: Requests;
  readonly timeouts: Timeouts;
  readonly metrics: Metrics;
  readonly keyring: Keyring;
  readonly limits: KeyLimits;
  readonly log: Logger;
  /** Undefined where requests are not traced. */
  readonly tracing: Tracing | undefined;
  /** Loads a model again. Undefined where requests may not do that. Throws the errors of ModelStore.load. */
  reload?: (name: string) => Promise<void>;
  /** True once the shutdown has begun: the service is not ready, but still takes requests for a moment. */
  stopping: boolean;
  /** True from the moment on when new requests are refused. */
  draining: boolean;
}
