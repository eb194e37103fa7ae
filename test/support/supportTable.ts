// The README's table of what is supported, as the matrix shows it.

import { matrixCases } from './matrix.js';

export const TABLE_START = '<!-- supported: made by npm run readme -->';
export const TABLE_END = '<!-- supported: end -->';

/** In the order of the table; others come after. */
const GROUPS = ['Families', 'Configurations', 'Heads and tokens', 'Adapters'];

/** One row a group: what its cases show, each once, and how many cases there are. */
export function supportTable(): string {
  const groups = new Map<string, string[]>(GROUPS.map(group => [group, []]));
  for (const { group, feature } of matrixCases()) groups.set(group, [...(groups.get(group) ?? []), feature]);
  const rows = [...groups].map(
    ([group, features]) => `| ${group} | ${[...new Set(features)].join('; ')} | ${features.length} |`,
  );
  return ['| | what gives the same logits | cases |', '|---|---|---|', ...rows].join('\n');
}

/** The document with the table of today between its marks. Throws Error where it has no marks. */
export function withSupportTable(document: string): string {
  const start = document.indexOf(TABLE_START);
  const end = document.indexOf(TABLE_END);
  if (start < 0 || end < start) throw new Error(`expected ${TABLE_START} and ${TABLE_END}`);
  return `${document.slice(0, start)}${TABLE_START}\n${supportTable()}\n${document.slice(end)}`;
}
