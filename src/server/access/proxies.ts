// Proxies in front of the service. The address of a client is what they say, and what others say is not believed.

import type { Express } from 'express';
import { UserError } from '../../errors.js';

/** Trusts proxies by their addresses and networks. Throws UserError for one that is neither. */
export function trustProxies(app: Express, addresses: readonly string[]): void {
  try {
    app.set('trust proxy', addresses);
  } catch (error) {
    throw new UserError(
      `--trust-proxy: expected addresses or networks such as 10.0.0.0/8, separated by commas: ${(error as Error).message}`,
    );
  }
}
