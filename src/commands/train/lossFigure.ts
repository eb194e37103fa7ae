// The loss over the steps of a run as an SVG figure: each step, and their running mean.

import { mean, ticks } from 'd3-array';
import type { StepRecord } from '../../train/checkpoint.js';

/** Lengths in the units of the viewBox. */
const WIDTH = 640;
const HEIGHT = 260;
const LEFT = 48;
const BOTTOM = 40;
const TOP = 8;
/** About the number of lines of the grid. */
const TICKS = 5;
/** A point of the drawing stands for the mean of this many steps or more, so that long runs stay readable. */
const MOST_POINTS = 300;

/** The figure, with its caption. */
export function lossFigure(records: readonly StepRecord[]): string {
  const losses = pooled(records.map(({ loss }) => loss));
  const greatest = Math.max(...losses);
  const x = (i: number) => LEFT + (i * (WIDTH - LEFT - 12)) / Math.max(1, losses.length - 1);
  const y = (loss: number) => TOP + (1 - loss / greatest) * (HEIGHT - TOP - BOTTOM);
  const line = (values: readonly number[]) =>
    values.map((value, i) => `${x(i).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
  const grid = ticks(0, greatest, TICKS).map(
    tick =>
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - 12}" y1="${y(tick).toFixed(1)}" y2="${y(tick).toFixed(1)}"/>` +
      `<text x="${LEFT - 6}" y="${(y(tick) + 4).toFixed(1)}" text-anchor="end">${tick}</text>`,
  );
  return `<figure style="flex-basis:100%;max-width:none">
<figcaption>Loss of each step, and its running mean</figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="The loss falls from ${losses[0]!.toPrecision(3)} to ${losses.at(-1)!.toPrecision(3)} in ${records.length} steps">
${grid.join('\n')}
<polyline fill="none" stroke="var(--faint)" points="${line(losses)}"/>
<polyline fill="none" stroke="var(--bar)" stroke-width="2" points="${line(runningMean(losses))}"/>
<text x="${LEFT}" y="${HEIGHT - BOTTOM + 18}">1</text>
<text x="${WIDTH - 12}" y="${HEIGHT - BOTTOM + 18}" text-anchor="end">${records.length}</text>
<text x="${(LEFT + WIDTH) / 2}" y="${HEIGHT - 6}" text-anchor="middle">step</text>
</svg>
</figure>`;
}

/** The means of equal runs of values, at most MOST_POINTS of them. */
export function pooled(values: readonly number[], most = MOST_POINTS): number[] {
  const size = Math.ceil(values.length / most);
  return Array.from(
    { length: Math.ceil(values.length / size) },
    (_, i) => mean(values.slice(i * size, (i + 1) * size))!,
  );
}

/** The mean of a twentieth of the values around each one, of fewer near the ends. */
function runningMean(values: readonly number[]): number[] {
  const most = Math.floor(values.length / 40);
  return values.map((_, i) => {
    const reach = Math.min(most, i, values.length - 1 - i);
    return mean(values.slice(i - reach, i + reach + 1))!;
  });
}
