// A service of the shipped models, from the user's cache.

import { join } from 'node:path';
import { defaultCache } from '../../dist/model/cache.js';
import { ROOT } from '../support/fixtures.js';
import { type RunningService, ready, startService } from '../support/serve.js';

/** Without the result cache, so that every text is computed. Resolves when the models are ready. */
export async function startShipped(...flags: string[]): Promise<RunningService> {
  const service = await startService(join(ROOT, 'models'), defaultCache(), '--cache-size', '0', ...flags);
  await ready(service);
  return service;
}
