// Links in the project's documents lead to files that exist.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from './support/fixtures.js';

const documents = ['.', 'docs', 'examples', 'models'].flatMap(folder =>
  readdirSync(join(ROOT, folder))
    .filter(name => name.endsWith('.md'))
    .map(name => join(folder, name)),
);

it.each(documents)('%s', document => {
  const text = readFileSync(join(ROOT, document), 'utf8');
  const targets = [...text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, target]) => target!);
  const missing = targets
    .filter(target => !/^https?:/.test(target))
    .filter(target => !existsSync(join(ROOT, dirname(document), target)));
  expect(missing).toEqual([]);
});
