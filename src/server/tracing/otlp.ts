// The spans of requests, sent over OTLP. They are made by hand when a request is over, of the times that were taken anyway.

import {
  DiagLogLevel,
  defaultTextMapGetter,
  diag,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import { VERSION } from '../../version.js';
import { routeOf, statusOf } from '../outcome.js';
import { stepsOf, type Timing } from '../serverTiming.js';
import type { Tracing } from './tracing.js';

/** Probes and scrapers ask these again and again. */
const NOT_TRACED = /^\/(health|metrics|v2\/health)(\/|$)/;

/** Sampler, limits, batches and endpoint are those of the environment. What goes wrong is logged. */
export function otlpTracing(log: Logger): Tracing {
  const logged = (level: 'error' | 'warn') => (message: string) => log[level](`OpenTelemetry: ${message}`);
  const ignored = () => {};
  diag.setLogger(
    { error: logged('error'), warn: logged('warn'), info: ignored, debug: ignored, verbose: ignored },
    DiagLogLevel.WARN,
  );
  const resource = defaultResource()
    .merge(resourceFromAttributes({ 'service.name': 'lsllama', 'service.version': VERSION }))
    .merge(detectResources({ detectors: [envDetector] }));
  const provider = new NodeTracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  });
  return {
    middleware: traced(provider.getTracer('lsllama', VERSION)),
    close: () => provider.shutdown().catch(error => log.warn({ err: error }, 'the last spans were not sent')),
  };
}

/**
 * One span for a request, a child of the caller's where it sends a `traceparent`, and below it one for each step of a
 * prediction. https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server
 */
function traced(tracer: Tracer): RequestHandler {
  const propagator = new W3CTraceContextPropagator();
  return (request, response, next) => {
    if (NOT_TRACED.test(request.path)) return next();
    const parent = propagator.extract(ROOT_CONTEXT, request.headers, defaultTextMapGetter);
    const span = tracer.startSpan(
      request.method,
      {
        kind: SpanKind.SERVER,
        attributes: { 'http.request.method': request.method, 'url.path': request.path },
      },
      parent,
    );
    if (!span.isRecording()) return next();
    response.locals.traceId = span.spanContext().traceId;
    response.on('close', () => {
      const status = statusOf(response);
      const route = routeOf(request);
      span.updateName(`${request.method} ${route}`);
      span.setAttributes({
        'http.route': route,
        'http.response.status_code': status,
        'lsllama.request_id': String(response.getHeader('x-request-id')),
        'lsllama.model': response.locals.model as string | undefined,
      });
      if (status >= 500) {
        span.setAttribute('error.type', String(status));
        span.setStatus({ code: SpanStatusCode.ERROR });
      }
      const context = trace.setSpan(ROOT_CONTEXT, span);
      const timing = response.locals.timing as Timing | undefined;
      for (const { name, start, end } of timing ? stepsOf(timing) : [])
        tracer.startSpan(name, { startTime: epochOf(start) }, context).end(epochOf(end));
      span.end();
    });
    next();
  };
}

/** Milliseconds of Unix time, from the clock of performance.now(). */
function epochOf(time: number): number {
  return performance.timeOrigin + time;
}
