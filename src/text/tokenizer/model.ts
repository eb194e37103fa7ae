// The model of a tokenizer.json: a piece of text to token ids.

import { BytePairs, type Merge } from './bytePairs.js';
import { type Component, shown, unsupported } from './json.js';
import { remember } from './remember.js';

export type EncodePiece = (piece: string) => readonly number[];

type Vocabulary = ReadonlyMap<string, number>;

/** Two tokens that a merge joins. */
type Pair = readonly [left: string, right: string];

/**
 * `writesBytes`: a piece is first written as ByteLevel writes its bytes.
 * Throws UserError naming a setting under which ids would differ from the Rust library's.
 */
export function compileModel(model: Component, writesBytes: boolean): EncodePiece {
  checkSettings(model);
  const vocabulary: Vocabulary = new Map(Object.entries(model.vocab as Record<string, number>));
  const merges = readMerges(model);
  const bytePairs = new BytePairs(merges.map(merge => idsOf(merge, vocabulary)));
  const spell = compileSpelling(model, vocabulary);
  const encode = remember((piece: string): readonly number[] => {
    const written = writesBytes ? toByteLevel(piece) : piece;
    const whole = model.ignore_merges ? vocabulary.get(written) : undefined;
    return whole === undefined ? bytePairs.merge(spell(written)) : [whole];
  });
  // words are merged one by one where a piece as a whole can mean nothing else
  const dropsCharacters = !model.byte_fallback && !model.unk_token;
  const cutsWords = vocabulary.has(WORD_MARK) && merges.every(keepsWordsApart);
  if (model.ignore_merges || dropsCharacters || !cutsWords) return encode;
  return piece => piece.match(WORDS)?.flatMap(encode) ?? [];
}

function checkSettings(model: Component): void {
  if (model.type !== 'BPE') throw unsupported('model', model.type, 'BPE');
  for (const setting of ['continuing_subword_prefix', 'end_of_word_suffix', 'dropout']) {
    if (model[setting])
      throw unsupported('model', `BPE with ${setting} ${shown(model[setting])}`, 'BPE without it');
  }
}

function readMerges({ merges }: Component): readonly Pair[] {
  return (merges as readonly (string | Pair)[]).map(merge =>
    typeof merge === 'string' ? (merge.split(' ') as unknown as Pair) : merge,
  );
}

function idsOf([left, right]: Pair, vocabulary: Vocabulary): Merge {
  const id = (token: string) => {
    const found = vocabulary.get(token);
    if (found !== undefined) return found;
    throw unsupported(
      'model',
      `the merge of ${left} and ${right} without ${token}`,
      'merges of tokens in its vocab',
    );
  };
  return [id(left), id(right), id(left + right)];
}

/** The tokens that a word starts from, one a character or, for those that the vocabulary lacks, what stands for it. */
function compileSpelling(model: Component, vocabulary: Vocabulary): (word: string) => number[] {
  const bytes = model.byte_fallback ? byteTokens(vocabulary) : undefined;
  const unknown = unknownToken(model, vocabulary);
  return word => {
    const tokens: number[] = [];
    let wasUnknown = false;
    for (const character of word) {
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

/** `<0x0A>` and the like, by byte. */
function byteTokens(vocabulary: Vocabulary): number[] {
  return Array.from({ length: 256 }, (_, byte) => {
    const token = `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
    const id = vocabulary.get(token);
    if (id === undefined)
      throw unsupported('model', `byte_fallback without ${token} in its vocab`, 'every byte');
    return id;
  });
}

function unknownToken({ unk_token, byte_fallback }: Component, vocabulary: Vocabulary): number | undefined {
  if (!unk_token || byte_fallback) return undefined;
  const id = vocabulary.get(unk_token as string);
  if (id === undefined) throw unsupported('model', `unk_token ${unk_token}`, 'one in its vocab');
  return id;
}

/** What SentencePiece writes for a space. */
const WORD_MARK = '▁';
const WORDS = /▁+[^▁]*|[^▁]+/g;

/** Where every merge does, no ▁ is ever joined to another character before it: words can be merged one by one. */
function keepsWordsApart([left, right]: Pair): boolean {
  return !right.startsWith(WORD_MARK) || left.endsWith(WORD_MARK);
}

/** The 256 characters that ByteLevel writes bytes as: printable Latin-1 as itself, the other bytes from U+0100 on. */
const BYTE_CHARACTERS = byteCharacters();

function byteCharacters(): string[] {
  const isPrintable = (byte: number) => /[!-~\u00a1-\u00ac\u00ae-\u00ff]/.test(String.fromCharCode(byte));
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : next++));
}

function toByteLevel(text: string): string {
  let written = '';
  for (const byte of Buffer.from(text)) written += BYTE_CHARACTERS[byte];
  return written;
}
