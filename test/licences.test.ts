// The list of licences is that of the packages that are locked.

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { LICENCES, licencesPage } from '../tools/licences.ts';

it('docs/licences.md is up to date: npm run docs:licences', () => {
  expect(readFileSync(LICENCES, 'utf8')).toBe(licencesPage());
});
