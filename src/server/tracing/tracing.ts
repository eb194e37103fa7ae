// What the service asks of its traces.

import type { RequestHandler } from 'express';

export interface Tracing {
  /** Makes the spans of each request. */
  readonly middleware: RequestHandler;
  /** Sends the spans that have not been sent yet. Never rejects. */
  close(): Promise<void>;
}
