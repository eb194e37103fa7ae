// What became of a request: its route and its status, for the metrics, the log and traces.

import type { Request, Response } from 'express';
import { CLIENT_CLOSED_REQUEST } from './problems.js';

/** The status of an answer that was sent, or what stands for a caller who closed the connection before. */
export function statusOf(response: Response): number {
  return response.writableFinished ? response.statusCode : CLIENT_CLOSED_REQUEST;
}

/** The pattern of the route. A backslash stands in it before a colon that begins no parameter. */
export function routeOf(request: Request): string {
  return (request.route as { path?: string } | undefined)?.path?.replaceAll('\\', '') ?? 'none';
}
