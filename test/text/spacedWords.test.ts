// The tokenizer that a tagger is trained with: its words have the tokens that they have in a text.

import { expect, it } from 'vitest';
import { withSpacedWords } from '../../dist/text/spacedWords.js';
import { readTokenizer, Tokenizer } from '../../dist/text/tokenizer.js';
import { ROOT } from '../support/fixtures.js';

const WORDS = [
  'Leeds',
  'United',
  'beat',
  'Norwich',
  '3-1',
  'on',
  '1996-08-30',
  '(',
  'Ça',
  'va',
  '东京',
  '🎉',
  'U.N.',
];

it('gives the ids of the tokenizer that the shipped tagger was trained with in transformers', () => {
  const base = readTokenizer(`${ROOT}/models/smollm2-135m-instruct`);
  const trained = new Tokenizer(readTokenizer(`${ROOT}/models/conll03-unllama/adapter`));
  const spaced = new Tokenizer(withSpacedWords(base));
  expect(spaced.encodeWords(WORDS)).toEqual(trained.encodeWords(WORDS));
  expect(new Tokenizer(base).encodeWords(WORDS)).not.toEqual(trained.encodeWords(WORDS));
});

it('is that of the base where words have their space already', () => {
  const trained = readTokenizer(`${ROOT}/models/conll03-unllama/adapter`);
  expect(withSpacedWords(trained)).toBe(trained);
});
