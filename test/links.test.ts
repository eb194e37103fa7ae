// Links in the project's documents lead to files and headings that exist.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from './support/fixtures.js';

const documents = ['.', 'docs', 'examples', 'models'].flatMap(folder =>
  readdirSync(join(ROOT, folder))
    .filter(name => name.endsWith('.md'))
    .map(name => join(folder, name)),
);

const textOf = (document: string) => readFileSync(join(ROOT, document), 'utf8');

/** The names of a document's headings in links, as GitHub makes them. */
const anchorsOf = (document: string) =>
  [...textOf(document).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );

it.each(documents)('%s', document => {
  const links = [...textOf(document).matchAll(/\]\(([^)]+)\)/g)].map(([, target]) => target!);
  const missing = links
    .filter(target => !/^https?:/.test(target))
    .filter(target => {
      const [path, anchor] = target.split('#') as [string, string?];
      const file = path === '' ? document : join(dirname(document), path);
      if (!existsSync(join(ROOT, file))) return true;
      return anchor !== undefined && file.endsWith('.md') && !anchorsOf(file).includes(anchor);
    });
  expect(missing).toEqual([]);
});
