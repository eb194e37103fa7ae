// Finds a text that two tokenizers encode differently, by trying some texts on which tokenizers often differ.

import { isDeepStrictEqual } from 'node:util';
import { surroundingTokens } from './tokenizer/postProcessor.js';
import { Tokenizer, type TokenizerDefinition } from './tokenizer.js';

/** A text, or a list of words, and its ids in two tokenizers. */
export interface TokenizerDifference {
  readonly input: string | readonly string[];
  readonly ids: readonly [Int32Array, Int32Array];
}

/** Leading and trailing spaces, digits, white space, contractions, other scripts, and characters with two spellings. */
const PROBES = [
  '2023',
  ' hello',
  'hello world',
  '  hello  world ',
  'In 650841823 of 1,234.5 times',
  "It's, IT'S, don't",
  'two\n\nlines',
  '\ta tab\r\n',
  'naïve Cafe\u0301',
  '東京、2024年',
  '👍🏽 x² ½',
];

/** The first difference that the probes show; undefined if there is none. Throws UserError for a broken tokenizer. */
export function tokenizerDifference(
  first: TokenizerDefinition,
  second: TokenizerDefinition,
): TokenizerDifference | undefined {
  if (isDeepStrictEqual(partsOf(first), partsOf(second))) return undefined;
  const tokenizers = [new Tokenizer(first), new Tokenizer(second)] as const;
  const special = (first.json.added_tokens ?? []).find(token => token.special)?.content;
  const texts = special === undefined ? PROBES : [...PROBES, `a${special}b ${special} c`];
  return (
    differenceOf(texts, text => pairOf(tokenizers, tokenizer => tokenizer.encode(text, 1000).ids)) ??
    differenceOf(
      texts.map(text => [text, 'word']),
      words => pairOf(tokenizers, tokenizer => tokenizer.joinWords(tokenizer.encodeWords(words))),
    )
  );
}

/** The parts of a tokenizer on which its ids depend. Comparing the two vocabularies is quick where they are one object. */
function partsOf({ json, splitSpecialTokens }: TokenizerDefinition) {
  const { normalizer = null, pre_tokenizer = null, model, added_tokens } = json;
  return {
    normalizer,
    pre_tokenizer,
    model,
    added_tokens,
    splitSpecialTokens,
    ...surroundingTokens(json.post_processor),
  };
}

type Pair<T> = readonly [T, T];

function pairOf<T, Result>([first, second]: Pair<T>, map: (value: T) => Result): Pair<Result> {
  return [map(first), map(second)];
}

function differenceOf<Input extends string | readonly string[]>(
  inputs: readonly Input[],
  encode: (input: Input) => Pair<Int32Array>,
): TokenizerDifference | undefined {
  for (const input of inputs) {
    const ids = encode(input);
    if (!isDeepStrictEqual(...ids)) return { input, ids };
  }
  return undefined;
}
