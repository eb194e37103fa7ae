// The services of a test file, which end with it.

import { afterAll } from 'vitest';
import { stopAll } from './serve.js';

export { type RunningService, ready, startServe, startService, stop } from './serve.js';

afterAll(stopAll);
