// Viterbi compared with brute force: the most probable of all valid tag sequences, for every tagging scheme.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTag, readNotation } from '../../dist/text/notation.js';
import { logSoftmax } from '../../dist/text/probabilities.js';
import { Scheme } from '../../dist/text/scheme.js';
import { entitySpans } from '../../dist/text/spans.js';
import { decode } from '../../dist/text/tags.js';

const SCHEMES: Record<string, string[]> = {
  IOB2: ['O', 'B-A', 'I-A', 'B-C', 'I-C'],
  IO: ['O', 'I-A', 'I-C'],
  'B only': ['O', 'B-A', 'B-C'],
  BIOES: ['O', 'B-A', 'I-A', 'E-A', 'S-A'],
  BILOU: ['O', 'B-A', 'I-A', 'L-A', 'U-A'],
  IOE: ['O', 'I-A', 'E-A'],
  BMES: ['B-A', 'M-A', 'E-A', 'S-A', 'O'],
  'BIE without S': ['O', 'B-A', 'I-A', 'E-A'],
  plain: ['O', 'A', 'C'],
  'no O': ['B-A', 'I-A', 'C'],
};

const schemeOf = (labels: readonly string[]) => new Scheme(labels, readNotation(labels));

/** The rules for valid sequences, written independently of Scheme: they look at the whole sequence at once. */
function isValid(tags: readonly string[], labels: readonly string[]): boolean {
  const has = (label: string) => labels.includes(label);
  const type = (tag: string) => tag.slice(2);
  const isOpen = (tag: string | undefined) => tag !== undefined && /^[BIM]-/.test(tag);
  return [...tags, 'O'].every((tag, i) => {
    const previous = i === 0 ? undefined : tags[i - 1];
    const continues = /^[IMEL]-/.test(tag) && isOpen(previous) && type(previous!) === type(tag);
    if (continues) return true;
    // A tag that does not continue an open entity must be able to start one, and must not leave an entity unclosed.
    if (/^[IMEL]-/.test(tag) && has(`B-${type(tag)}`)) return false;
    if (isOpen(previous)) {
      const openType = type(previous!);
      const hasClosingTag = has(`E-${openType}`) || has(`L-${openType}`);
      const isWholeEntity = previous!.startsWith('B-') && !has(`S-${openType}`) && !has(`U-${openType}`);
      if (hasClosingTag && !isWholeEntity) return false;
    }
    return true;
  });
}

function sequences(labels: readonly string[], length: number): string[][] {
  return length === 0
    ? [[]]
    : sequences(labels, length - 1).flatMap(head => labels.map(label => [...head, label]));
}

describe.each(Object.entries(SCHEMES))('%s', (_, labels) => {
  it('finds the most probable valid sequence', () => {
    const logit = fc.float({ min: -8, max: 8, noNaN: true });
    const rows = fc.array(fc.array(logit, { minLength: labels.length, maxLength: labels.length }), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(rows, logits => {
        const words = logits.map(row => Float32Array.from(row));
        const logProbabilities = words.map(row => logSoftmax(row));
        const total = (tags: readonly string[]) =>
          tags.reduce((sum, tag, i) => sum + logProbabilities[i]![labels.indexOf(tag)]!, 0);
        const best = Math.max(
          ...sequences(labels, words.length)
            .filter(tags => isValid(tags, labels))
            .map(total),
        );
        const found = decode(words, schemeOf(labels), 'valid').map(({ label }) => labels[label]!);
        expect(isValid(found, labels)).toBe(true);
        expect(total(found)).toBeCloseTo(best, 9);
      }),
      { numRuns: 60 },
    );
  });
});

it('tags a word without a token O, so that no entity reaches across it', () => {
  const labels = ['O', 'B-A', 'I-A'];
  const inside = Float32Array.of(0, 1, 9);
  const tags = decode([Float32Array.of(0, 9, 0), null, inside], schemeOf(labels), 'valid');
  expect(tags.map(({ label }) => label)).toEqual([1, -1, 1]);
  expect(tags[1]!.score).toBe(1);
});

it('scores each tag by its probability for that word alone', () => {
  const [tag] = decode([Float32Array.of(2, 1, 0)], schemeOf(['O', 'A', 'C']), 'valid');
  expect(tag!.score).toBeCloseTo(Math.exp(2) / (Math.exp(2) + Math.exp(1) + 1), 12);
});

describe('argmax', () => {
  // B-PER 0.16, I-PER 0.57, O 0.23 and another 0.04: no valid sequence of one word has the most probable tag.
  const row = Float32Array.of(0.23, 0.16, 0.57, 0.04).map(Math.log);
  const scheme = schemeOf(['O', 'B-PER', 'I-PER', 'B-LOC']);
  it('is the most probable tag of each word, whether the scheme allows it or not', () => {
    expect(decode([row], scheme, 'argmax')[0]!.label).toBe(2);
    expect(decode([row], scheme, 'argmax')[0]!.score).toBeCloseTo(0.57, 6);
    expect(decode([row], scheme, 'valid')[0]!.label).toBe(0);
  });
  it('takes the first row in a tie, and no tag for a word without a token', () => {
    expect(decode([Float32Array.of(1, 3, 3, 0), null], scheme, 'argmax').map(({ label }) => label)).toEqual([
      1, -1,
    ]);
  });
});

describe('entitySpans', () => {
  const spans = (text: string) => {
    const tags = text.split(' ');
    const notation = readNotation([
      ...new Set([...tags, 'O', ...(/-/.test(text) ? ['B-A', 'I-A', 'B-C'] : [])]),
    ]);
    return entitySpans(tags.map(tag => parseTag(tag, notation))).map(
      ({ label, startWord, endWord }) => `${label} ${startWord} ${endWord}`,
    );
  };
  it.each([
    ['B-A I-A O B-C', ['A 0 2', 'C 3 4']],
    ['B-A B-A', ['A 0 1', 'A 1 2']],
    ['I-A I-C', ['A 0 1', 'C 1 2']],
    ['S-A S-A E-A', ['A 0 1', 'A 1 2', 'A 2 3']],
    ['B-A L-A U-A', ['A 0 2', 'A 2 3']],
    ['A A C O C', ['A 0 2', 'C 2 3', 'C 4 5']],
    ['B-x-y I-x-y', ['x-y 0 2']],
    ['O O', []],
  ])('%s', (tags, expected) => {
    expect(spans(tags)).toEqual(expected);
  });
});
