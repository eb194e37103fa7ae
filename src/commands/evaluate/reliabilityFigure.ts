// A reliability diagram as an SVG figure: the accuracy of predictions over their confidence, and how many there are.

import { escapeHtml } from '../../html.js';
import type { Reliability, ReliabilityBin } from '../../text/reliability.js';

/** Lengths in the units of the viewBox. */
const SIDE = 300;
const LEFT = 44;
const TOP = 8;
/** The strip below the diagram that shows the counts. */
const STRIP = 60;
const GAP = 34;
const TICKS = [0, 0.2, 0.4, 0.6, 0.8, 1];

/** The diagram with a title, and its numbers as a table. */
export function reliabilityFigure({ bins, count }: Reliability, title: string): string {
  const width = LEFT + SIDE + 12;
  const stripTop = TOP + SIDE + GAP;
  const height = stripTop + STRIP + 36;
  const x = (value: number) => LEFT + value * SIDE;
  const y = (value: number) => TOP + (1 - value) * SIDE;
  const filled = bins.filter(bin => bin.count > 0);
  const most = Math.max(1, ...bins.map(bin => bin.count));
  const bars = filled.map(
    bin => `<rect class="bar" ${rect(x(bin.from), y(bin.accuracy!), x(bin.to), y(0))}/>${gapLine(bin, x, y)}`,
  );
  const counts = filled.map(bin => {
    const top = stripTop + STRIP * (1 - bin.count / most);
    return `<rect class="count" ${rect(x(bin.from), top, x(bin.to), stripTop + STRIP)}/>`;
  });
  const ticks = TICKS.flatMap(tick => [
    `<line class="grid" x1="${LEFT}" x2="${LEFT + SIDE}" y1="${y(tick)}" y2="${y(tick)}"/>`,
    `<text x="${LEFT - 6}" y="${y(tick) + 4}" text-anchor="end">${tick}</text>`,
    `<text x="${x(tick)}" y="${TOP + SIDE + 16}" text-anchor="middle">${tick}</text>`,
  ]);
  const label = escapeHtml(title);
  return `<figure>
<figcaption>${label}</figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}. Its numbers are in the table below.">
${ticks.join('\n')}
${bars.join('\n')}
<line class="ideal" x1="${x(0)}" y1="${y(0)}" x2="${x(1)}" y2="${y(1)}"/>
<text transform="translate(12 ${TOP + SIDE / 2}) rotate(-90)" text-anchor="middle">accuracy</text>
${counts.join('\n')}
<line class="axis" x1="${LEFT}" x2="${LEFT + SIDE}" y1="${stripTop + STRIP}" y2="${stripTop + STRIP}"/>
<text x="${LEFT - 6}" y="${stripTop + 10}" text-anchor="end">${most}</text>
<text x="${LEFT + SIDE / 2}" y="${stripTop + STRIP + 18}" text-anchor="middle">confidence</text>
</svg>
<p>Bars: accuracy. Lines across them: mean confidence. Strip: how many of the ${count}.</p>
<details><summary>Numbers</summary>
${binTable(filled)}
</details>
</figure>`;
}

/** The mean confidence of a bin as a mark over its bar: right on the bar's top where the model is calibrated. */
function gapLine(
  { from, to, confidence }: ReliabilityBin,
  x: (v: number) => number,
  y: (v: number) => number,
) {
  return `<line class="confidence" x1="${round(x(from))}" x2="${round(x(to))}" y1="${round(y(confidence!))}" y2="${round(y(confidence!))}"/>`;
}

function rect(left: number, top: number, right: number, bottom: number): string {
  return `x="${round(left + 0.5)}" y="${round(top)}" width="${round(right - left - 1)}" height="${round(bottom - top)}"`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function binTable(bins: readonly ReliabilityBin[]): string {
  const rows = bins.map(({ from, to, count, confidence, accuracy }) => {
    const cells = [String(count), confidence!.toFixed(4), accuracy!.toFixed(4)];
    const range = `${from.toFixed(3)} to ${to.toFixed(3)}`;
    return `<tr><th scope="row">${range}</th>${cells.map(cell => `<td>${cell}</td>`).join('')}</tr>`;
  });
  return `<table><thead><tr><th scope="col">confidence</th><th scope="col">count</th><th scope="col">mean confidence</th><th scope="col">accuracy</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
}
