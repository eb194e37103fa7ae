// The README says of the matrix what the matrix holds.

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ROOT } from './support/fixtures.js';
import { withSupportTable } from './support/supportTable.js';

it('has the table that npm run readme makes', () => {
  const readme = readFileSync(`${ROOT}/README.md`, 'utf8');
  expect(readme).toBe(withSupportTable(readme));
});
