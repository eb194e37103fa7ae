// The README’s table of what can be exported lists the cases of the matrix.

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { README, withSupportTable } from './support/supportTable.js';

it('the table of what can be exported is up to date: npm run readme:table', () => {
  const readme = readFileSync(README, 'utf8');
  expect(readme).toBe(withSupportTable(readme));
});
