// The results of a load test as lines for people.

import type { Latency } from './latency.js';
import type { LoadTestReport } from './report.js';
import {
  type Conditions,
  isSweep,
  type Measurement,
  type Result,
  type RunResult,
  type SweepResult,
} from './result.js';
import type { ServerReport } from './serverMetrics.js';

/** Aligns the cells of a table. Every row ends with \n. */
export type Table = (rows: readonly (readonly string[])[]) => string;

/** A load generator that takes more of a core than this may be what limits the rate. */
const BUSY_CORES = 0.9;

export function textReport(result: Result, table: Table): string {
  return isSweep(result) ? sweepText(result, table) : runText(result, table);
}

function runText(result: RunResult, table: Table): string {
  if (result.due === 0 && result.stopped !== null) return line('stopped', result.stopped);
  return [
    line('requests', requestsText(result)),
    line('rate', ratesText(result)),
    line('texts', textsText(result)),
    '\n',
    latencyTable(result, table),
    '\n',
    ...errorLines([result]),
    ...(result.stopped === null ? [] : [line('stopped', result.stopped)]),
    ...notes([result], result.conditions),
    ...serverLines(result.server),
  ].join('');
}

function sweepText(result: SweepResult, table: Table): string {
  const { capacity, knee, max_p99, steps, closed_loop, conditions } = result;
  const perSecond = (rate: number | null) => (rate === null ? 'none found' : `${rate.toFixed(1)} requests/s`);
  return [
    line(
      'capacity',
      `${perSecond(capacity)}, with 99% answered as they come and p99 up to ${max_p99.toFixed(0)} ms`,
    ),
    line('knee', `${perSecond(knee)}, where rate / mean latency is greatest`),
    line(
      'closed loop',
      `${perSecond(closed_loop.requests_per_second)} with ${conditions.concurrency} in flight`,
    ),
    '\n',
    table([
      ['asked /s', 'due /s', 'answered /s', 'p50 ms', 'p99 ms', 'not answered', 'keeps up'],
      ...steps.map(step => [
        step.rate.toFixed(1),
        step.due_per_second.toFixed(1),
        step.requests_per_second.toFixed(1),
        step.latency.p50.toFixed(1),
        step.latency.p99.toFixed(1),
        String(step.due - step.requests),
        step.sustained ? 'yes' : 'no',
      ]),
    ]),
    '\n',
    ...errorLines([closed_loop, ...steps]),
    ...notes([closed_loop, ...steps], conditions),
  ].join('');
}

function line(name: string, text: string): string {
  return `${name.padEnd(12)}${text}\n`;
}

function requestsText({ due, requests, unsent }: LoadTestReport): string {
  const rest = unsent === 0 ? '' : `, ${unsent} not sent, because as many as allowed were in flight`;
  return `${requests} of ${due} due were answered${rest}`;
}

function ratesText({ conditions, ...report }: RunResult): string {
  const sent = `sent ${report.sent_per_second.toFixed(1)}/s, answered ${report.requests_per_second.toFixed(1)}/s`;
  if (conditions.rate === null) return `${sent}, with ${conditions.concurrency} in flight`;
  return `asked ${conditions.rate.toFixed(1)}/s, due ${report.due_per_second.toFixed(1)}/s, ${sent}`;
}

function textsText({ texts_per_second, tokens_per_second }: LoadTestReport): string {
  const tokens = tokens_per_second === null ? '' : `, ${tokens_per_second.toFixed(0)} tokens/s`;
  return `${texts_per_second.toFixed(1)}/s${tokens}`;
}

function latencyTable({ latency, latency_from_send, unsent }: LoadTestReport, table: Table): string {
  const row = (name: string, each: Latency) => [name, ...Object.values(each).map(value => value.toFixed(1))];
  return table([
    ['latency ms', ...Object.keys(latency)],
    row(unsent === 0 ? 'from due' : 'from due, at least', latency),
    row('from send', latency_from_send),
  ]);
}

/** A line for each kind of failure, with the longest p99 of its waits and its first message. */
function errorLines(measurements: readonly Measurement[]): string[] {
  const kinds = [...new Set(measurements.flatMap(({ errors }) => Object.keys(errors)))];
  if (kinds.length === 0) return [line('errors', 'none')];
  return kinds.map(kind => {
    const failed = measurements.filter(({ errors }) => errors[kind] !== undefined);
    const count = failed.reduce((sum, { errors }) => sum + errors[kind]!, 0);
    const wait = Math.max(...failed.map(({ error_latency }) => error_latency[kind]!.p99));
    return line(
      'errors',
      `${count} ${kind}, after p99 ${wait.toFixed(1)} ms; the first: ${failed[0]!.first_errors[kind]}`,
    );
  });
}

function notes(measurements: readonly Measurement[], { unique_texts }: Conditions): string[] {
  const cores = Math.max(...measurements.map(({ generator_cores }) => generator_cores));
  return [
    line('data', cacheText(measurements, unique_texts)),
    ...(cores > BUSY_CORES
      ? [
          line(
            'warning',
            `the load generator took ${cores.toFixed(2)} cores, so it may be what limits the rate`,
          ),
        ]
      : []),
  ];
}

function cacheText(measurements: readonly Measurement[], unique: boolean): string {
  const caches = measurements.flatMap(({ server }) => server?.cache ?? []);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const [hits, lookups] = [sum(caches.map(cache => cache.hits)), sum(caches.map(cache => cache.lookups))];
  const found = lookups === 0 ? '' : `; the server's result cache answered ${hits} of ${lookups}`;
  const how = unique
    ? 'each text began with a random word, so that the server computed it'
    : 'texts were sent as they are';
  return how + found;
}

function serverLines(server: ServerReport | null): string[] {
  if (server === null) return [];
  const part = (name: string, value: number | null) =>
    value === null ? [] : [`${name} ${value.toFixed(1)} ms`];
  const parts = [
    ...part('tokenize', server.tokenize),
    ...part('queue', server.queue),
    ...part('forward pass', server.inference),
    ...(server.batch === null ? [] : [`${server.batch.toFixed(1)} texts in a pass`]),
  ];
  return parts.length === 0 ? [] : [line('server', `on average ${parts.join(', ')}`)];
}
