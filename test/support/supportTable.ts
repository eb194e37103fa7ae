// The table of the features that the matrix covers, in docs/models.md. Run as a program, this file writes it there.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './fixtures.js';
import { matrixCases } from './matrix.js';

export const DOCUMENT = join(ROOT, 'docs/models.md');

const TABLE = /(<!-- matrix: npm run docs:families -->\n)[\s\S]*(<!-- \/matrix -->)/;

/** Returns the document's text with the current table. Throws an Error if the comments around the table are missing. */
export function withSupportTable(text: string): string {
  if (!TABLE.test(text))
    throw new Error(`docs/models.md: expected the comments around the table, ${TABLE}, found none`);
  return text.replace(TABLE, (_, start: string, end: string) => `${start}${supportTable()}\n${end}`);
}

function supportTable(): string {
  const cases = matrixCases();
  const groups = [...new Set(cases.map(({ group }) => group))].sort();
  const rows = groups.map(name => {
    const groupCases = cases.filter(({ group }) => group === name);
    const features = [...new Set(groupCases.map(({ feature }) => feature))].sort(byText);
    return `| ${name} | ${groupCases.length} | ${features.join('; ').replaceAll('|', '\\|')} |`;
  });
  return ['| | cases | |', '|---|---|---|', ...rows].join('\n');
}

/** Alphabetical order of two features, ignoring the backquotes around code. */
function byText(a: string, b: string): number {
  return a.replaceAll('`', '').localeCompare(b.replaceAll('`', ''), 'en');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(DOCUMENT, withSupportTable(readFileSync(DOCUMENT, 'utf8')));
}
