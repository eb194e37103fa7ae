// Traces of OpenTelemetry, received by the protocol.

import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { exportCheckpoint, temporaryFolder } from '../support/fixtures.js';
import { post } from '../support/http.js';
import { startReceiver } from '../support/otlp.js';
import { ready, startService, stop } from '../support/service.js';

const models = temporaryFolder();
const VARIABLES = [
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_TRACES_EXPORTER',
  'OTEL_TRACES_SAMPLER',
  'OTEL_SERVICE_NAME',
  'OTEL_EXPORTER_OTLP_PROTOCOL',
  'OTEL_EXPORTER_OTLP_COMPRESSION',
];

beforeAll(async () => {
  await exportCheckpoint('ls_llama_seq', models);
});

afterEach(() => {
  for (const name of VARIABLES) delete process.env[name];
});

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const CALLER = '00f067aa0ba902b7';
const traceparent = (flags: string) => ({ traceparent: `00-${TRACE}-${CALLER}-${flags}` });

/** The spans of requests to a service with the environment of this process. */
async function spansOf(ask: (url: string) => Promise<unknown>, ...flags: string[]) {
  const receiver = await startReceiver();
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = receiver.url;
  const service = await startService(models, models, ...flags);
  await ready(service);
  await ask(service.url);
  expect(await stop(service)).toBe(0);
  receiver.close();
  return { spans: receiver.spans, log: service.log.join('\n') };
}

it('a prediction is a span of the caller’s trace, with a span for each step', async () => {
  process.env.OTEL_SERVICE_NAME = 'topics';
  process.env.OTEL_EXPORTER_OTLP_COMPRESSION = 'gzip';
  const ask = (url: string) => post(`${url}/classify`, { inputs: 'the market fell' }, traceparent('01'));
  const { spans, log } = await spansOf(ask, '--access-log', '1');
  expect(spans.every(({ traceId, service }) => traceId === TRACE && service === 'topics')).toBe(true);
  const root = spans.find(({ parentSpanId }) => parentSpanId === CALLER)!;
  expect(root).toMatchObject({
    name: 'POST /classify',
    kind: 2,
    status: 0n,
    attributes: {
      'http.request.method': 'POST',
      'http.route': '/classify',
      'http.response.status_code': 200n,
      'url.path': '/classify',
      'lsllama.model': 'ls_llama_seq',
    },
  });
  const steps = spans.filter(({ parentSpanId }) => parentSpanId === root.spanId);
  expect(steps.map(({ name }) => name).sort()).toEqual(['answer', 'encode', 'inference', 'queue']);
  steps.sort((a, b) => Number(a.start - b.start));
  expect(steps[0]).toMatchObject({ name: 'encode' });
  // The clocks of the root and of its steps differ by the rounding of milliseconds.
  const rounding = 2_000_000n;
  for (const { start, end } of steps) {
    expect(start).toBeGreaterThanOrEqual(root.start - rounding);
    expect(end).toBeGreaterThanOrEqual(start);
    expect(end).toBeLessThanOrEqual(root.end + rounding);
  }
  expect(log).toContain(`"trace_id":"${TRACE}"`);
});

it('a request without a trace begins one; probes have none; a failure is marked', async () => {
  const { spans } = await spansOf(async url => {
    await fetch(`${url}/health/live`);
    await fetch(`${url}/metrics`);
    await fetch(`${url}/nowhere`);
    const inputs = Array.from({ length: 500 }, (_, i) => `market ${i} `.repeat(12));
    await post(`${url}/classify`, { inputs, timeout_ms: 1 });
  });
  const roots = spans.filter(({ parentSpanId }) => parentSpanId === '');
  expect(roots.map(({ name, status }) => [name, status])).toEqual([
    ['GET none', 0n],
    ['POST /classify', 2n],
  ]);
  expect(roots[1]!.attributes['error.type']).toBe('504');
});

it('a trace that its caller does not sample is not sent', async () => {
  const { spans } = await spansOf(url => post(`${url}/classify`, { inputs: 'a' }, traceparent('00')));
  expect(spans).toEqual([]);
});

it('a receiver that is not there is logged, and nothing is lost', async () => {
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = 'http://127.0.0.1:9';
  const service = await startService(models, models);
  await ready(service);
  expect((await post(`${service.url}/classify`, { inputs: 'a' })).status).toBe(200);
  expect(await stop(service)).toBe(0);
  expect(service.log.join('\n')).toContain('the last spans were not sent');
});

it.each([
  ['nothing', { OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' }],
  ['modules', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' }],
])('%s of OpenTelemetry is loaded with %j', async (what, environment) => {
  const folder = temporaryFolder();
  // On its exit, Node writes the scripts that were loaded to this folder.
  Object.assign(process.env, environment, { NODE_V8_COVERAGE: folder });
  const service = await startService(models, models);
  delete process.env.NODE_V8_COVERAGE;
  await ready(service);
  await stop(service);
  const scripts = readdirSync(folder).map(name => readFileSync(`${folder}/${name}`, 'utf8'));
  expect(scripts.join()).toContain('dist/server/app.js');
  // prom-client loads the API, which does nothing by itself.
  const loaded = [...scripts.join().matchAll(/"url":"file:[^"]*\/@opentelemetry\/(?!api\/)([\w-]+)/g)];
  const names = loaded.map(([, name]) => name);
  expect(names.includes('sdk-trace-node')).toBe(what === 'modules');
  if (what === 'nothing') expect(names).toEqual([]);
});

it.each([
  ['OTEL_TRACES_EXPORTER', 'zipkin', /expected otlp or none, found "zipkin"/],
  ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc', /expected http\/protobuf, found "grpc"/],
])('%s=%s ends the start', async (name, value, message) => {
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = 'http://127.0.0.1:9';
  process.env[name] = value;
  await expect(startService(models, models)).rejects.toThrow(message);
});
