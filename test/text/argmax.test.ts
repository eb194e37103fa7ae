// Decoding by argmax compared with the token classification pipeline of transformers, on its golden logits.

import { describe, expect, it } from 'vitest';
import { parseTag, readNotation } from '../../dist/text/notation.js';
import { Scheme } from '../../dist/text/scheme.js';
import { entitySpans } from '../../dist/text/spans.js';
import { decode } from '../../dist/text/tags.js';
import { goldensOf, ROOT, readJson, requestOf } from '../support/fixtures.js';

interface Expected {
  readonly words: string[];
  readonly tags: string[];
  /** With aggregation_strategy="first"; start and end count characters in the words joined by spaces. */
  readonly entities: {
    readonly label: string;
    readonly score: number;
    readonly start: number;
    readonly end: number;
  }[];
}

const CHECKPOINT = 'ls_llama_tok';
const expected = readJson(`${ROOT}/test/fixtures/schemes/pipeline.json`) as Expected[];
const labels = requestOf(CHECKPOINT).labels!;
const notation = readNotation(labels);

describe.each(
  goldensOf(CHECKPOINT).map((golden, i) => [golden.words!.join(' '), golden, expected[i]!] as const),
)('%s', (_, { words, logits }, { words: sameWords, tags, entities }) => {
  const rows = (logits as number[][]).map(row => Float32Array.from(row));
  const decoded = decode(rows, new Scheme(labels, notation), 'argmax');
  const found = decoded.map(({ label }) => labels[label]!);

  it('has the tags of the pipeline', () => {
    expect(words).toEqual(sameWords);
    expect(found).toEqual(tags);
  });

  // Without real words, the pipeline takes each byte of a word's first character as a word of its own.
  it.runIf(words!.every(word => /^\p{ASCII}/u.test(word)))('has the entities of the pipeline', () => {
    const starts = words!.map((__, word) => words!.slice(0, word).join(' ').length + Math.min(word, 1));
    const spans = entitySpans(found.map(tag => parseTag(tag, notation)));
    expect(
      spans.map(({ label, startWord, endWord }) => ({
        label,
        start: starts[startWord]!,
        end: starts[endWord - 1]! + words![endWord - 1]!.length,
      })),
    ).toEqual(entities.map(({ label, start, end }) => ({ label, start, end })));
    spans.forEach(({ startWord, endWord }, i) => {
      const scores = decoded.slice(startWord, endWord).map(({ score }) => score);
      expect(scores.reduce((sum, score) => sum + score, 0) / scores.length).toBeCloseTo(
        entities[i]!.score,
        4,
      );
    });
  });
});
