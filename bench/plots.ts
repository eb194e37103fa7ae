// Draws the JSON lines of benchmarks: one SVG for each benchmark that has a summary among them.
// usage: npm run bench:plots -- RESULTS.jsonl [--out docs/performance]

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { program } from 'commander';
import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import type { Spread } from './report.ts';
import { readExamples } from './texts.ts';

interface Bar extends Spread {
  readonly name: string;
  /** Bars of one group share a colour. */
  readonly group: string;
}

interface Chart {
  /** Title of the axis: the quantity or unit. */
  readonly axis: string;
  /** Returns the bars of one summary. */
  readonly bars: (summary: Record<string, unknown>) => Bar[];
}

const CHARTS: Record<string, Chart> = {
  throughput: {
    axis: 'texts/s',
    bars: ({ model, precision, engine, http }) => [
      bar(engine, 'engine alone', `${model}, ${precision}`),
      bar(http, 'over HTTP', `${model}, ${precision}`),
    ],
  },
  peers: {
    axis: 'texts/s',
    bars: ({ server, precision, in_flight, texts_per_second }) => [
      bar(texts_per_second, `${server} (${precision})`, `${in_flight} in flight`),
    ],
  },
  roofline: {
    axis: 'tokens/s',
    bars: ({ precision, engine, linear }) => [
      bar(engine, 'engine', `${precision}`),
      bar(linear, 'linear layers alone', `${precision}`),
    ],
  },
  torch: {
    axis: 'tokens/s',
    bars: ({ runner, tokens_per_second }) => [bar(tokens_per_second, `${runner}`, 'full batches')],
  },
  mix: {
    axis: 'ms, short texts',
    bars: ({ precision, alone_p50, short_p99, mixed_p99, without_p99 }) => [
      bar(alone_p50, 'p50, one in flight', `${precision}`),
      bar(short_p99, 'p99 at 70%', `${precision}`),
      bar(mixed_p99, 'p99 with 5% long ones', `${precision}`),
      bar(without_p99, 'p99 at that rate, without', `${precision}`),
    ],
  },
  'service memory': {
    axis: 'MB',
    bars: ({ precision, weights, idle, loaded }) =>
      Object.entries({ weights, idle, 'under load': loaded }).map(([name, bytes]) =>
        bar(exactly((bytes as number) / 1e6), name, `${precision}`),
      ),
  },
};

program
  .argument('<results>', 'a file of the JSON lines that benchmarks printed')
  .option('--out <dir>', 'the folder to write the pictures to', 'docs/performance')
  .parse();
const [results] = program.args as [string];
const { out } = program.opts<{ out: string }>();

mkdirSync(out, { recursive: true });
const summaries = readExamples(results).filter(({ summary }) => summary);
for (const [bench, { axis, bars }] of Object.entries(CHARTS)) {
  const found = summaries.filter(summary => summary.bench === bench).flatMap(bars);
  if (found.length === 0) continue;
  const path = join(out, `${bench.replaceAll(' ', '-')}.svg`);
  writeFileSync(path, await svgOf(found, axis));
  process.stderr.write(`${path}\n`);
}

function bar(spread: unknown, name: string, group: string): Bar {
  return { ...(spread as Spread), name, group };
}

function exactly(value: number): Spread {
  return { median: value, least: value, greatest: value };
}

/** Draws medians as bars, and ranges as lines over them. */
async function svgOf(bars: readonly Bar[], axis: string): Promise<string> {
  const spec: TopLevelSpec = {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    data: { values: bars.map(own => ({ ...own, label: `${own.group}: ${own.name}` })) },
    width: 420,
    encoding: { y: { field: 'label', type: 'nominal', title: null, sort: null } },
    layer: [
      {
        mark: 'bar',
        encoding: {
          x: { field: 'median', type: 'quantitative', title: axis },
          color: { field: 'group', type: 'nominal', legend: null },
        },
      },
      {
        mark: { type: 'rule', color: '#222' },
        encoding: { x: { field: 'least', type: 'quantitative' }, x2: { field: 'greatest' } },
      },
    ],
    config: { font: 'sans-serif', background: 'white' },
  };
  const view = new View(parse(compile(spec).spec), { renderer: 'none' });
  return view.toSVG().finally(() => view.finalize());
}
