// The results of a load test as a page that needs nothing from elsewhere: its plots, their program and their style.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { escapeHtml } from '../html.js';
import { drawPlots, type Plot } from './plots.js';
import { isSweep, type Measurement, type Result, type RunResult, type SweepResult } from './result.js';
import { type Table, textReport } from './textReport.js';

const require = createRequire(import.meta.url);
const UPLOT = require.resolve('uplot/dist/uPlot.iife.min.js');
const UPLOT_STYLE = require.resolve('uplot/dist/uPlot.min.css');

const STYLE = `
:root { color-scheme: light; font: 16px/1.5 system-ui, sans-serif; color: #1b1b1b; background: #fff; }
body { max-width: 960px; margin: 2rem auto; padding: 0 1rem; }
pre, table { font: 14px/1.5 ui-monospace, monospace; }
pre { overflow-x: auto; background: #f5f5f5; padding: 1rem; }
th { text-align: left; font-weight: normal; padding-right: 1.5rem; color: #555; }
.split { display: flex; height: 2rem; }
.split div { min-width: 2px; overflow: hidden; white-space: nowrap; padding: 0.25rem 0; font-size: 14px; color: #fff; }
`;

/** The page for a result. */
export function htmlReport(result: Result, table: Table): string {
  const plots = isSweep(result) ? sweepPlots(result) : runPlots(result);
  const title = `${isSweep(result) ? 'Sweep' : 'Load test'} of ${result.conditions.url}`;
  // A script ends at the first </, even within a string.
  const script = `(${drawPlots})({ uPlot, document }, ${JSON.stringify(plots)})`.replaceAll('</', '<\\/');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>${readFileSync(UPLOT_STYLE, 'utf8')}${STYLE}</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
<pre>${escapeHtml(textReport(result, table))}</pre>
${plots.map(({ title: name }, i) => `<h2>${escapeHtml(name)}</h2>\n<div id="plot-${i}"></div>`).join('\n')}
${isSweep(result) ? '' : serverSplit(result)}
<h2>Conditions</h2>
<table>
${Object.entries(result.conditions)
  .map(
    ([name, value]) =>
      `<tr><th>${escapeHtml(name.replaceAll('_', ' '))}</th><td>${escapeHtml(String(value ?? 'none'))}</td></tr>`,
  )
  .join('\n')}
</table>
<script>${readFileSync(UPLOT, 'utf8').replaceAll('</', '<\\/')}</script>
<script>${script}</script>
</body>
</html>
`;
}

function runPlots({ timeline, histogram, conditions }: RunResult): Plot[] {
  const seconds = { x: timeline.map(({ at }) => at), xLabel: 'seconds of the measured period' };
  const latencies = (name: 'p50' | 'p99') =>
    timeline.map(interval => (interval.answered > 0 ? interval[name] : null));
  return [
    {
      ...seconds,
      title: 'Rate',
      yLabel: 'requests/s',
      series: (['sent', 'answered', 'failed'] as const).map(name => ({
        label: name,
        values: timeline.map(interval => interval[name]),
      })),
    },
    {
      ...seconds,
      title: 'Latency of the answers of each second',
      yLabel: 'ms',
      series: (['p50', 'p99'] as const).map(name => ({ label: name, values: latencies(name) })),
    },
    {
      title: `Distribution of the latency${conditions.rate === null ? '' : ', from when requests were due'}`,
      x: histogram.map(({ from }) => from),
      xLabel: 'ms',
      yLabel: 'requests',
      logX: true,
      series: [{ label: 'requests', values: histogram.map(({ count }) => count), bars: true }],
    },
  ];
}

function sweepPlots({ steps, capacity, knee }: SweepResult): Plot[] {
  const due = { x: steps.map(step => step.due_per_second), xLabel: 'requests/s that were due' };
  const marks = [
    ...(knee === null ? [] : [{ x: knee, label: 'knee' }]),
    ...(capacity === null ? [] : [{ x: capacity, label: 'capacity' }]),
  ];
  const latency = (name: 'p50' | 'p99') => steps.map(step => (step.requests > 0 ? step.latency[name] : null));
  return [
    {
      ...due,
      title: 'Latency against load',
      yLabel: 'ms',
      logY: true,
      marks,
      series: (['p50', 'p99'] as const).map(name => ({ label: name, values: latency(name) })),
    },
    {
      ...due,
      title: 'Answers against load',
      yLabel: 'answers/s',
      marks,
      series: [{ label: 'answered', values: steps.map(step => step.requests_per_second) }],
    },
    ...(steps.some(({ server }) => server !== null) ? [splitPlot(steps, due)] : []),
  ];
}

/** The server's own figures. */
const SPLIT = [
  { key: 'tokenize', label: 'tokenize', colour: '#00684d' },
  { key: 'queue', label: 'queue', colour: '#a34700' },
  { key: 'inference', label: 'forward pass', colour: '#0072b2' },
] as const;

function splitPlot(steps: readonly Measurement[], due: Pick<Plot, 'x' | 'xLabel'>): Plot {
  return {
    ...due,
    title: 'Mean times in the server, from its metrics',
    yLabel: 'ms',
    logY: true,
    series: SPLIT.map(({ key, label }) => ({
      label,
      values: steps.map(({ server }) => server?.[key] || null),
    })),
  };
}

/** A bar whose parts are as wide as the mean times in the server are long. */
function serverSplit({ server }: Measurement): string {
  const parts = SPLIT.flatMap(({ key, label, colour }) => {
    const value = server?.[key] ?? null;
    if (value === null) return [];
    const name = `${label} ${value.toFixed(1)} ms`;
    return [`<div style="flex: ${value}; background: ${colour}" title="${name}">${name}</div>`];
  });
  if (parts.length === 0) return '';
  return `<h2>Mean times in the server, from its metrics</h2>\n<div class="split">${parts.join('')}</div>`;
}
