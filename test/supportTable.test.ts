// The table of what can be exported lists the cases of the matrix.

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { DOCUMENT, withSupportTable } from './support/supportTable.js';

it('the table of what can be exported is up to date: npm run docs:families', () => {
  const text = readFileSync(DOCUMENT, 'utf8');
  expect(text).toBe(withSupportTable(text));
});
