// GET /metrics: the metrics in the text format of Prometheus.

import type { RequestHandler } from 'express';
import type { ServerContext } from '../context.js';

export function metricsRoute({ metrics }: ServerContext): RequestHandler {
  return async (_request, response) => {
    response.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  };
}
