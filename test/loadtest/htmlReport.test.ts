// The page of a result: its script runs alone, with data that fits, and nothing in it can end the script early.

import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { alignedTable } from '../../dist/commands/table.js';
import { htmlReport } from '../../dist/loadtest/htmlReport.js';
import { Recorder } from '../../dist/loadtest/recorder.js';
import type { Measurement, Result } from '../../dist/loadtest/result.js';

/** A name that would end a script, or begin an element, if it was not escaped. */
const HOSTILE = '</script><img src=x>"&\u2028';

const CONDITIONS = { url: 'http://localhost/classify', data: HOSTILE, concurrency: 2, rate: null };

/** Ten seconds of one request a second, each of which takes so many milliseconds; every fifth fails. */
function measurement(latency: number): Measurement {
  const recorder = new Recorder({ begins: 0, starts: 0, ends: 10_000 });
  for (let due = 0; due < 10_000; due += 1000) {
    const request = { due, sent: due };
    recorder.send(request);
    const outcome = due % 5000 === 0 ? '503' : 'ok';
    recorder.receive(request, { outcome, detail: HOSTILE }, due + latency);
    recorder.closeInterval(due + 1000);
  }
  const server = { tokenize: 0.5, queue: 3, inference: 20, batch: 2, cache: null };
  return { ...recorder.report(10_000, undefined), server, generator_cores: 0.1 };
}

interface Chart {
  readonly options: { readonly series: readonly { readonly label: string }[] };
  readonly data: readonly (readonly (number | null)[])[];
  readonly target: string;
}

/** Runs the page's script in a context that has nothing but what a browser has with uPlot. */
function chartsOf(page: string): Chart[] {
  const charts: Chart[] = [];
  class FakePlot {
    static paths = { bars: () => () => null };
    constructor(options: Chart['options'], data: Chart['data'], { id }: { id: string }) {
      charts.push({ options, data, target: id });
    }
  }
  const document = {
    getElementById: (id: string) => (page.includes(`id="${id}"`) ? { id, clientWidth: 900 } : null),
  };
  const script = page.slice(page.lastIndexOf('<script>') + '<script>'.length, page.lastIndexOf('</script>'));
  runInNewContext(script, { uPlot: FakePlot, document });
  return charts;
}

function pageOf(result: object): string {
  return htmlReport({ ...result, conditions: CONDITIONS } as unknown as Result, alignedTable);
}

it('draws rate, latency and distribution of a load test', () => {
  const page = pageOf(measurement(70));
  const charts = chartsOf(page);
  expect(charts.map(({ options }) => options.series.slice(1).map(({ label }) => label))).toEqual([
    ['sent', 'answered', 'failed'],
    ['p50', 'p99'],
    ['requests'],
  ]);
  for (const { options, data } of charts) {
    expect(data).toHaveLength(options.series.length);
    for (const values of data) expect(values).toHaveLength(data[0]!.length);
  }
  const [, sent, answered, failed] = charts[0]!.data;
  expect(sent).toEqual(Array(10).fill(1));
  expect(answered).toEqual([0, 1, 1, 1, 1, 0, 1, 1, 1, 1]);
  expect(failed).toEqual([1, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
  expect(page).toContain('forward pass 20.0 ms');
});

it('draws latency, answers and the server’s times of a sweep against its load', () => {
  const steps = [50, 80, 900].map((latency, i) => ({
    ...measurement(latency),
    rate: i + 1,
    sustained: i < 2,
  }));
  const sweep = { capacity: 0.8, knee: 0.7, max_p99: 1000, alone: steps[0], closed_loop: steps[0], steps };
  const charts = chartsOf(pageOf(sweep));
  expect(charts.map(({ options }) => options.series.slice(1).map(({ label }) => label))).toEqual([
    ['p50', 'p99'],
    ['answered'],
    ['tokenize', 'queue', 'forward pass'],
  ]);
  expect(charts[0]!.data[1]!.map(value => Math.round(value!))).toEqual([50, 80, 900]);
});

it('escapes what servers and file names say', () => {
  const page = pageOf(measurement(70));
  expect(page).not.toContain('<img');
  expect(page.match(/<\/script>/g)).toHaveLength(2);
});
