// The picture of the architecture shows the rooms of src/ as they are.

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { architecturePicture, PICTURE } from '../tools/architecture.ts';

it('docs/architecture.svg is up to date: npm run docs:picture', () => {
  expect(readFileSync(PICTURE, 'utf8')).toBe(architecturePicture());
});
