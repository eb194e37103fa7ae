// The labelled texts that train reads from tables and JSON lines, and what it says about lines that are none.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readLabelled } from '../../dist/commands/train/data.js';
import { ROOT, temporaryFolder } from '../support/fixtures.js';

const work = temporaryFolder();
const table = (name: string) => join(ROOT, 'test/fixtures/training', name);

describe('a Parquet file', () => {
  it('has whole numbers as labels', async () => {
    const texts = await readLabelled(table('labelled.parquet'), 'sequence');
    expect(texts.map(({ text, labels }) => [text, labels])).toEqual([
      ['Oil fell.', ['2']],
      ['Rates rose.', ['10']],
      ['Munich won.', ['1']],
    ]);
  });

  it('has lists of labels', async () => {
    const texts = await readLabelled(table('sets.parquet'), 'sequence');
    expect(texts.map(({ labels, isMulti }) => [labels, isMulti])).toEqual([
      [['oil', 'news'], true],
      [[], true],
    ]);
  });

  it('has lists of words and tags', async () => {
    const texts = await readLabelled(table('tagged.parquet'), 'token');
    expect(texts.map(({ text, labels }) => [text, labels])).toEqual([
      [
        ['Munich', 'won'],
        ['B-LOC', 'O'],
      ],
      [['Oil'], ['O']],
    ]);
  });
});

describe('what is refused, with the line', () => {
  const written = (name: string, content: string) => {
    const path = join(work, name);
    writeFileSync(path, content);
    return path;
  };

  it.each<[string, string, string, 'sequence' | 'token', string]>([
    [
      'a number to regress on',
      'numbers.jsonl',
      '{"text": "a", "label": 0.37}\n',
      'sequence',
      'line 1: expected "label", a label, or "labels", a list of them, found 0.37',
    ],
    [
      'an empty cell',
      'empty.csv',
      'text,label\n"two\nlines",a\nb,\n',
      'sequence',
      'row 2: expected "label", a label, or "labels", a list of them, found ""',
    ],
    [
      'an empty tag',
      'tags.jsonl',
      '{"tokens": ["a", "b"], "tags": ["O", ""]}\n',
      'token',
      'line 1: expected a tag for each token, found an empty one',
    ],
  ])('%s', async (_, name, content, task, message) => {
    await expect(readLabelled(written(name, content), task)).rejects.toThrow(message);
  });
});
