// README's table of what the matrix covers. Run as a program, it writes the table into the README.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './fixtures.js';
import { matrixCases } from './matrix.js';

export const README = join(ROOT, 'README.md');

const TABLE = /(<!-- matrix: npm run readme:table -->\n)[\s\S]*(<!-- \/matrix -->)/;

/** The README's text with the table as it has to be. Throws where the comments around it are missing. */
export function withSupportTable(readme: string): string {
  if (!TABLE.test(readme)) throw new Error(`README.md: expected a place for the table, ${TABLE}`);
  return readme.replace(TABLE, (_, start: string, end: string) => `${start}${supportTable()}\n${end}`);
}

function supportTable(): string {
  const cases = matrixCases();
  const groups = [...new Set(cases.map(({ group }) => group))].sort();
  const rows = groups.map(name => {
    const ofGroup = cases.filter(({ group }) => group === name);
    const features = [...new Set(ofGroup.map(({ feature }) => feature))].sort(byWords);
    return `| ${name} | ${ofGroup.length} | ${features.join('; ').replaceAll('|', '\\|')} |`;
  });
  return ['| | cases | |', '|---|---|---|', ...rows].join('\n');
}

/** Alphabetical, whether a feature begins with code or not. */
function byWords(a: string, b: string): number {
  return a.replaceAll('`', '').localeCompare(b.replaceAll('`', ''), 'en');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(README, withSupportTable(readFileSync(README, 'utf8')));
}
