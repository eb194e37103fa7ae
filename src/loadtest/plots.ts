// The plots of the HTML report. The function below runs in the reader's browser, where uPlot is a global.

import type uPlot from 'uplot';

export interface Plot {
  readonly title: string;
  /** Where x is the same for all series: the values, and what they are. */
  readonly x: readonly number[];
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly Series[];
  /** Logarithmic axes. */
  readonly logX?: true;
  readonly logY?: true;
  /** Vertical lines. */
  readonly marks?: readonly { readonly x: number; readonly label: string }[];
}

export interface Series {
  readonly label: string;
  readonly values: readonly (number | null)[];
  readonly bars?: true;
}

/** Only what is used of the browser. */
interface Browser {
  readonly uPlot: new (options: uPlot.Options, data: uPlot.AlignedData, target: unknown) => unknown;
  readonly document: { getElementById(id: string): { clientWidth: number } };
}

/**
 * Draws each plot into the element `plot-N`. Its source becomes part of the report, so it uses nothing from outside.
 */
export function drawPlots({ uPlot: Plotter, document }: Browser, plots: readonly Plot[]): void {
  const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7'];
  const markLines =
    ({ marks = [] }: Plot) =>
    (chart: uPlot) => {
      const { ctx, bbox } = chart;
      ctx.save();
      ctx.strokeStyle = '#767676';
      ctx.fillStyle = '#555555';
      ctx.setLineDash([6, 4]);
      for (const [i, { x, label }] of marks.entries()) {
        const left = chart.valToPos(x, 'x', true);
        ctx.beginPath();
        ctx.moveTo(left, bbox.top);
        ctx.lineTo(left, bbox.top + bbox.height);
        ctx.stroke();
        ctx.textAlign = 'right';
        ctx.fillText(label, left - 6, bbox.top + 16 * (i + 1));
      }
      ctx.restore();
    };
  for (const [i, plot] of plots.entries()) {
    const target = document.getElementById(`plot-${i}`);
    const series = plot.series.map(({ label, bars }, n) => ({
      label,
      stroke: COLOURS[n]!,
      width: 2,
      points: { show: !bars && plot.x.length < 60 },
      ...(bars && { fill: `${COLOURS[n]}66`, paths: uPlotBars() }),
    }));
    const options: uPlot.Options = {
      width: target.clientWidth,
      height: 320,
      scales: {
        x: { time: false, ...(plot.logX && { distr: 3 }) },
        y: plot.logY ? { distr: 3 } : { range: (_, __, max) => [0, max * 1.05 || 1] },
      },
      axes: [{ label: plot.xLabel }, { label: plot.yLabel, size: 64 }],
      series: [{ label: plot.xLabel }, ...series],
      hooks: { draw: [markLines(plot)] },
    };
    new Plotter(options, [plot.x, ...plot.series.map(({ values }) => values)] as uPlot.AlignedData, target);
  }
  function uPlotBars() {
    return (Plotter as unknown as typeof uPlot).paths.bars!({ size: [1], align: 1 });
  }
}
