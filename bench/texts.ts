// Real texts, from data sets in JSON lines.

import { readFileSync } from 'node:fs';
import type { JsonObject } from '../dist/checkpoint/files.js';
import { exampleOf, parseLine, textOf } from '../dist/commands/jsonl.js';

export function readExamples(path: string): JsonObject[] {
  return readFileSync(path, 'utf8').trimEnd().split('\n').map(parseLine);
}

/** Reads the first `limit` texts. Pre-split words are joined by spaces. */
export function readTexts(path: string, limit = 2000): string[] {
  return readExamples(path)
    .slice(0, limit)
    .map(line => textOf(exampleOf(line)));
}

/** Returns a function that returns the items in turn, and starts again at the end. */
export function cycle<T>(items: readonly T[]): () => T {
  let next = 0;
  return () => items[next++ % items.length]!;
}
