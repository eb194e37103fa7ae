// The model of a tokenizer.json, byte-pair encoding: a piece of text to token ids.

import { toByteLevel } from './byteLevel.js';
import { type Component, display, unsupported } from './json.js';
import { memoize } from './memoize.js';
import { type Merge, Merges } from './merges.js';

/** Gives the ids of a piece, one of the parts that the pre-tokenizer cuts a text into. */
export type EncodePiece = (piece: string) => readonly number[];

type Vocabulary = ReadonlyMap<string, number>;

/** The two tokens that a merge joins. */
type Pair = readonly [left: string, right: string];

/**
 * Compiles the model to a function.
 * Throws UserError naming a setting under which ids would differ from those of the tokenizers library.
 * @param isByteLevel whether a piece's bytes are first written in the byte-level alphabet
 */
export function compileModel(model: Component, isByteLevel: boolean): EncodePiece {
  checkSettings(model);
  const vocabulary: Vocabulary = new Map(Object.entries(model.vocab as Record<string, number>));
  const pairs = readPairs(model);
  const merges = new Merges(pairs.map(pair => mergeOf(pair, vocabulary)));
  const initialTokens = compileInitialTokens(model, vocabulary);
  const encode = memoize((piece: string): readonly number[] => {
    const written = isByteLevel ? toByteLevel(piece) : piece;
    const whole = model.ignore_merges ? vocabulary.get(written) : undefined;
    return whole === undefined ? merges.apply(initialTokens(written)) : [whole];
  });
  if (!mayEncodeWordByWord(model, vocabulary, pairs)) return encode;
  return piece => piece.match(WORDS)?.flatMap(encode) ?? [];
}

function checkSettings(model: Component): void {
  if (model.type !== 'BPE') throw unsupported('model', model.type, 'BPE');
  for (const setting of ['continuing_subword_prefix', 'end_of_word_suffix', 'dropout']) {
    if (model[setting])
      throw unsupported('model', `BPE with ${setting} ${display(model[setting])}`, 'BPE without it');
  }
}

function readPairs({ merges }: Component): readonly Pair[] {
  return (merges as readonly (string | Pair)[]).map(merge =>
    typeof merge === 'string' ? (merge.split(' ') as unknown as Pair) : merge,
  );
}

function mergeOf([left, right]: Pair, vocabulary: Vocabulary): Merge {
  const idOf = (token: string) => {
    const id = vocabulary.get(token);
    if (id !== undefined) return id;
    throw unsupported(
      'model',
      `the merge of ${left} and ${right} without ${token}`,
      'merges whose tokens are all in its vocab',
    );
  };
  return [idOf(left), idOf(right), idOf(left + right)];
}

/**
 * Compiles the first step, before any merge: one token per character. A character that the vocabulary lacks becomes
 * the tokens of its bytes, else the unknown token, else nothing.
 */
function compileInitialTokens(model: Component, vocabulary: Vocabulary): (text: string) => number[] {
  const bytes = model.byte_fallback ? byteTokens(vocabulary) : undefined;
  const unknown = unknownToken(model, vocabulary);
  return text => {
    const tokens: number[] = [];
    let wasUnknown = false;
    for (const character of text) {
      const token = vocabulary.get(character);
      const isUnknown = token === undefined && !bytes;
      if (token !== undefined) tokens.push(token);
      else if (bytes) for (const byte of Buffer.from(character)) tokens.push(bytes[byte]!);
      else if (unknown !== undefined && !(wasUnknown && model.fuse_unk)) tokens.push(unknown);
      wasUnknown = isUnknown;
    }
    return tokens;
  };
}

/** The ids of the tokens <0x00> to <0xFF>, by byte. */
function byteTokens(vocabulary: Vocabulary): number[] {
  return Array.from({ length: 256 }, (_, byte) => {
    const token = `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
    const id = vocabulary.get(token);
    if (id === undefined)
      throw unsupported('model', `byte_fallback without ${token} in its vocab`, 'a token for every byte');
    return id;
  });
}

function unknownToken({ unk_token, byte_fallback }: Component, vocabulary: Vocabulary): number | undefined {
  if (!unk_token || byte_fallback) return undefined;
  const id = vocabulary.get(unk_token as string);
  if (id === undefined) throw unsupported('model', `unk_token ${unk_token}`, 'one in its vocab');
  return id;
}

/** SentencePiece writes spaces as this character. */
const SPACE_MARK = '▁';
const WORDS = /▁+[^▁]*|[^▁]+/g;

/**
 * Whether the words of a piece can be encoded one by one, which lets the cache of words work on whole texts. The ids
 * are the same only if no merge reaches across words, if no whole piece is a token by itself (ignore_merges), and if
 * no character vanishes, which would make its two neighbours adjacent.
 */
function mayEncodeWordByWord(model: Component, vocabulary: Vocabulary, pairs: readonly Pair[]): boolean {
  const dropsCharacters = !model.byte_fallback && !model.unk_token;
  if (model.ignore_merges || dropsCharacters) return false;
  return vocabulary.has(SPACE_MARK) && pairs.every(staysInWord);
}

/** Whether a merge never joins a ▁, the start of a word, to a character of the word before it. */
function staysInWord([left, right]: Pair): boolean {
  return !right.startsWith(SPACE_MARK) || left.endsWith(SPACE_MARK);
}
