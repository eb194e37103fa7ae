// npm run docs:dashboard: draws the panels of the dashboard, as a real Prometheus answers their queries for a service
// under load, into docs/monitoring/dashboard.svg. It needs the command `prometheus`.
// usage: npm run docs:dashboard [-- --seconds 90]

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { program } from 'commander';
import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { ROOT } from '../support/fixtures.js';
import { type RunningService, stop, stopAll } from '../support/serve.js';
import { type Panel, timePanels } from './files.js';
import { LivePrometheus, type Series } from './livePrometheus.js';
import { askOfEachKind, startMonitoredService } from './monitoredService.js';

/** How far rates reach back, and the time between two points. Seconds. */
const RATE_SECONDS = 10;
const STEP_SECONDS = 3;
/** The units of Grafana, as d3 formats numbers, and a word for the axis. */
const UNITS: Readonly<Record<string, { readonly format: string; readonly title: string }>> = {
  s: { format: '.3~s', title: 'seconds' },
  reqps: { format: '~s', title: 'a second' },
  percentunit: { format: '~%', title: '' },
  bytes: { format: '.3~s', title: 'bytes' },
  short: { format: '~s', title: '' },
};

program.option('--seconds <n>', 'how long the service is under load', Number, 90).parse();
const { seconds } = program.opts<{ readonly seconds: number }>();
const folder = mkdtempSync(join(tmpdir(), 'lsllama-dashboard-'));
process
  .once('SIGINT', () => process.exit(130))
  .once('exit', () => {
    stopAll();
    rmSync(folder, { recursive: true, force: true });
  });

const service = await startMonitoredService(folder);
const prometheus = await LivePrometheus.start(service, folder);
await load(service);
const specs: object[] = [];
for (const panel of timePanels(RATE_SECONDS)) specs.push(await drawing(panel));
await prometheus.stop();
await stop(service);
const out = join(ROOT, 'docs/monitoring/dashboard.svg');
mkdirSync(join(out, '..'), { recursive: true });
writeFileSync(out, await svgOf(specs));

/** Callers come and go, most with texts that were not asked before, and some with what is refused. */
async function load({ url }: RunningService): Promise<void> {
  const end = performance.now() + seconds * 1000;
  const call = async (caller: number) => {
    for (let i = 0; performance.now() < end; i++) {
      const inputs = Array.from(
        { length: 1 + (i % 4) },
        (_, n) => `Shares fell ${i % (i % 5 ? 5000 : 40)}.${n}% in ${caller}`,
      );
      const body = JSON.stringify({ inputs });
      const headers = { 'content-type': 'application/json' };
      const path = caller % 3 === 0 ? '/ner' : '/classify';
      await (await fetch(`${url}${path}`, { method: 'POST', headers, body })).arrayBuffer();
      const isBusy = Math.sin(performance.now() / 8000 + caller) > 0;
      await sleep(isBusy ? 20 : 120);
    }
  };
  const refused = async () => {
    for (let round = 0; performance.now() < end; round++) {
      await askOfEachKind(service, round);
      await sleep(3000);
    }
  };
  await Promise.all([...Array.from({ length: 8 }, (_, caller) => call(caller)), refused()]);
}

interface Point {
  readonly second: number;
  readonly value: number;
  readonly series: string;
}

async function drawing({ title, unit, targets }: Panel): Promise<object> {
  const to = Date.now() / 1000;
  const from = to - seconds + RATE_SECONDS;
  const values: Point[] = [];
  for (const { expr, legend } of targets) {
    for (const series of await prometheus.queryRange(expr, from, to, STEP_SECONDS))
      values.push(...points(series, legend, from));
  }
  const { format, title: axis } = UNITS[unit]!;
  // A scale from 0 to 0 has no ticks.
  const isFlat = values.every(({ value }) => value === 0);
  return {
    title: { text: title, anchor: 'start', fontSize: 12 },
    width: 300,
    height: 120,
    data: { values },
    mark: { type: 'line', strokeWidth: 1.5 },
    encoding: {
      x: {
        field: 'second',
        type: 'quantitative',
        title: null,
        axis: { format: 'd', labelExpr: "datum.label + ' s'" },
      },
      y: {
        field: 'value',
        type: 'quantitative',
        title: axis || null,
        axis: { format },
        scale: isFlat ? { domain: [0, 1] } : {},
      },
      color: {
        field: 'series',
        type: 'nominal',
        title: null,
        legend: { orient: 'bottom', columns: 2, labelLimit: 140 },
      },
    },
  };
}

/** The points of one line. The legend is one of Grafana: `{{model}} p95`. */
function points({ metric, values }: Series, legend: string, from: number): Point[] {
  const series =
    legend.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => metric[label] ?? '').trim() || 'none';
  return values
    .map(([time, value]) => ({ second: Math.round(time - from), value: Number(value), series }))
    .filter(({ value }) => Number.isFinite(value))
    .map(point => ({ ...point, value: Number(point.value.toPrecision(3)) }));
}

async function svgOf(panels: readonly object[]): Promise<string> {
  const spec = {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    columns: 3,
    concat: panels,
    resolve: { scale: { color: 'independent', y: 'independent' } },
    config: { font: 'sans-serif', background: 'white', view: { stroke: '#ddd' } },
  } as TopLevelSpec;
  const view = new View(parse(compile(spec).spec), { renderer: 'none' });
  return view.toSVG().finally(() => view.finalize());
}
