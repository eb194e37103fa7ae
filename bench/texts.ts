// Real texts, out of JSON lines of data sets.

import { readFileSync } from 'node:fs';
import type { JsonObject } from '../dist/checkpoint/files.js';
import { exampleOf, parseLine } from '../dist/commands/jsonl.js';

export function readExamples(path: string): JsonObject[] {
  return readFileSync(path, 'utf8').trimEnd().split('\n').map(parseLine);
}

/** The first `limit` texts. */
export function readTexts(path: string, limit = 2000): string[] {
  return readExamples(path)
    .slice(0, limit)
    .map(line => {
      const example = exampleOf(line);
      return 'text' in example ? example.text : example.tokens.join(' ');
    });
}

/** Items of a list, over and over. */
export function cycle<T>(items: readonly T[]): () => T {
  let next = 0;
  return () => items[next++ % items.length]!;
}
