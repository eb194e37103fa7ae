// The model of a tokenizer.json, byte-pair encoding: a piece of text to token ids.

import { toByteLevel } from './byteLevel.js';
import { type Component, display, unsupported } from './json.js';
import { memoize } from './memoize.js';
import { JOINED, type Merge, Merges } from './merges.js';
import { endOfCharacter } from './unicode.js';

/** Gives the ids of a piece, one of the parts that the pre-tokenizer cuts a text into. */
export type EncodePiece = (piece: string) => readonly number[];

/**
 * The tokens of a word, and for each the stretch of the word that its bytes are from, in UTF-16 units: from the start
 * of the character of its first byte to the end of that of its last.
 */
export interface LocatedWord {
  readonly ids: readonly number[];
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

export interface Model {
  /** Ids by token. */
  readonly vocabulary: Vocabulary;
  readonly encodePiece: EncodePiece;
  /** Cuts a piece into words that can be encoded one by one. */
  wordsOf(piece: string): Iterable<string>;
  readonly locateWord: (word: string) => LocatedWord;
}

type Vocabulary = ReadonlyMap<string, number>;

/** The two tokens that a merge joins. */
type Pair = readonly [left: string, right: string];

/**
 * Compiles the model to functions.
 * Throws UserError naming a setting under which ids would differ from those of the tokenizers library.
 * @param isByteLevel whether a piece's bytes are first written in the byte-level alphabet
 */
export function compileModel(model: Component, isByteLevel: boolean): Model {
  checkSettings(model);
  const vocabulary: Vocabulary = new Map(Object.entries(model.vocab as Record<string, number>));
  const pairs = readPairs(model);
  const merges = new Merges(pairs.map(pair => mergeOf(pair, vocabulary)));
  const initialTokens = compileInitialTokens(model, vocabulary);
  const write = (piece: string) => (isByteLevel ? toByteLevel(piece) : piece);
  const wholeToken = (written: string) => (model.ignore_merges ? vocabulary.get(written) : undefined);
  const encode = memoize((word: string): readonly number[] => {
    const written = write(word);
    const whole = wholeToken(written);
    return whole === undefined ? merges.apply(initialTokens(written)) : [whole];
  });
  const locateWord = memoize((word: string): LocatedWord => {
    const whole = wholeToken(write(word));
    if (whole !== undefined) return { ids: [whole], starts: [0], ends: [word.length] };
    const sizes: number[] = [];
    const tokens = initialTokens(write(word), sizes);
    merges.join(tokens);
    return locateTokens(word, tokens, sizes, write);
  });
  const isWordByWord = mayEncodeWordByWord(model, vocabulary, pairs);
  return {
    vocabulary,
    encodePiece: isWordByWord ? piece => piece.match(WORDS)?.flatMap(encode) ?? [] : encode,
    wordsOf: isWordByWord ? matchesOfWords : piece => [piece],
    locateWord,
  };
}

function* matchesOfWords(piece: string): Generator<string> {
  for (const [word] of piece.matchAll(WORDS)) yield word;
}

/**
 * Finds the stretch of each token.
 * @param tokens the initial tokens after the merges
 * @param sizes the size of each initial token, in bytes of the word as it is written
 */
function locateTokens(
  word: string,
  tokens: readonly number[],
  sizes: readonly number[],
  write: (piece: string) => string,
): LocatedWord {
  const origins = originsOfBytes(word, write);
  const ids: number[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  // Like in the tokenizers library, a token begins where the one before it ends, even if a character between them has
  // vanished because the vocabulary lacks it.
  let end = 0;
  for (const [i, token] of tokens.entries()) {
    if (token !== JOINED) {
      ids.push(token);
      starts.push(origins[end]!);
    }
    end += sizes[i]!;
    ends[ids.length - 1] = endOfCharacter(word, origins[end - 1]!);
  }
  return { ids, starts, ends };
}

/** For each byte of a word as it is written, the position of the character of the word that the byte is from. */
function originsOfBytes(word: string, write: (piece: string) => string): number[] {
  const origins: number[] = [];
  let position = 0;
  for (const character of word) {
    for (let bytes = Buffer.byteLength(write(character)); bytes > 0; bytes--) origins.push(position);
    position += character.length;
  }
  return origins;
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
 * the tokens of its bytes, else the unknown token, else nothing. `sizes` receives the size of each token in bytes.
 */
function compileInitialTokens(
  model: Component,
  vocabulary: Vocabulary,
): (text: string, sizes?: number[]) => number[] {
  const bytes = model.byte_fallback ? byteTokens(vocabulary) : undefined;
  const unknown = unknownToken(model, vocabulary);
  return (text, sizes) => {
    const tokens: number[] = [];
    let wasUnknown = false;
    for (const character of text) {
      const token = vocabulary.get(character);
      const isUnknown = token === undefined && !bytes;
      if (token !== undefined) {
        tokens.push(token);
        sizes?.push(Buffer.byteLength(character));
      } else if (bytes) {
        for (const byte of Buffer.from(character)) {
          tokens.push(bytes[byte]!);
          sizes?.push(1);
        }
      } else if (unknown !== undefined) {
        const isFused = wasUnknown && model.fuse_unk === true;
        if (!isFused) tokens.push(unknown);
        if (isFused && sizes) sizes[sizes.length - 1]! += Buffer.byteLength(character);
        else sizes?.push(Buffer.byteLength(character));
      }
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
