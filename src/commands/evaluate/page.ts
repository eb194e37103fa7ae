// The report of an evaluation as a page in a single HTML file, which loads nothing else, light or dark as the reader's
// system is.

import { escapeHtml } from '../../html.js';
import type { Evaluation, Section } from './evaluation.js';

export interface PageHead {
  readonly title: string;
  /** What was measured: model, version, data. */
  readonly subtitle: string;
}

export function evaluationPage({ title, subtitle }: PageHead, { facts, sections }: Evaluation): string {
  const figures = facts.map(
    ([name, value]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd></div>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(subtitle)}</p>
<dl>${figures.join('')}</dl>
${sections.map(sectionHtml).join('\n')}
</main>
</body>
</html>
`;
}

function sectionHtml({ title, rows, shades, figures = [] }: Section): string {
  const [header, ...body] = rows as [readonly string[], ...(readonly string[])[]];
  const columns = header.map(name => `<th scope="col">${escapeHtml(name)}</th>`).join('');
  const lines = body.map(([name, ...cells], row) => {
    const values = cells.map((cell, column) => {
      const shade = shades?.[row]?.[column];
      const style = shade === undefined ? '' : ` style="--shade:${Math.round(shade * 60)}%"`;
      return `<td${style}>${escapeHtml(cell)}</td>`;
    });
    return `<tr><th scope="row">${escapeHtml(name!)}</th>${values.join('')}</tr>`;
  });
  return `<section>
<h2>${escapeHtml(title)}</h2>
<div class="wide" tabindex="0" role="region" aria-label="${escapeHtml(title)}">
<table><thead><tr>${columns}</tr></thead><tbody>${lines.join('\n')}</tbody></table>
</div>
${figures.length > 0 ? `<div class="figures">${figures.join('\n')}</div>` : ''}
</section>`;
}

const STYLE = `
:root { color-scheme: light dark; --ink: #1d2129; --paper: #fff; --faint: #d5d9e0; --bar: #3b6fb6; --mark: #b3261e; --shading: #7aa7e0; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e8ec; --paper: #15181d; --faint: #3a404b; --bar: #6d9fe0; --mark: #ff8a80; --shading: #2d5c99; }
}
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1rem; }
dl { display: flex; flex-wrap: wrap; gap: 1rem 2rem; }
dt { font-size: .875rem; }
dd { margin: 0; font-size: 1.375rem; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .75rem; border-bottom: 1px solid var(--faint); text-align: right; }
th:first-child { text-align: left; }
td { background: color-mix(in srgb, var(--shading) var(--shade, 0%), var(--paper)); }
.figures { display: flex; flex-wrap: wrap; gap: 1rem; }
figure { margin: 1rem 0; flex: 1 1 20rem; max-width: 28rem; }
figcaption { font-weight: 600; }
svg { width: 100%; height: auto; }
svg text { fill: var(--ink); font-size: 12px; }
.grid { stroke: var(--faint); }
.axis { stroke: var(--ink); }
.bar { fill: var(--bar); }
.count { fill: var(--bar); }
.confidence { stroke: var(--mark); stroke-width: 3; }
.ideal { stroke: var(--ink); stroke-dasharray: 4 4; }
`;
