// Text to token ids, as transformers' AutoTokenizer makes them.

import { basename } from 'node:path';
import { UserError } from '../errors.js';
import { AddedTokens } from './tokenizer/addedTokens.js';
import { readTokenizer, TOKENIZER, type TokenizerDefinition } from './tokenizer/files.js';
import { compileModel, type EncodePiece } from './tokenizer/model.js';
import { compileNormalizer } from './tokenizer/normalizer.js';
import { specialTokensAround } from './tokenizer/postProcessor.js';
import { compilePreTokenizer, type Split } from './tokenizer/preTokenizer.js';
import { remember } from './tokenizer/remember.js';

export {
  readTokenizer,
  TOKENIZER,
  TOKENIZER_CONFIG,
  TOKENIZER_FILES,
  type TokenizerDefinition,
  writeTokenizer,
} from './tokenizer/files.js';
export { ggufTokenizer } from './tokenizer/gguf.js';

/** The token ids of a text, or of a run of words, with special tokens around them. */
export interface Encoding {
  readonly ids: Int32Array;
  /** Whether tokens were cut off to fit the length. */
  readonly truncated: boolean;
  /** Tokens before the cut, special tokens counted. */
  readonly length: number;
}

/** Token ids of each word, without special tokens; a word may have none. */
export type WordTokens = readonly (readonly number[])[];

export class Tokenizer {
  readonly #addedTokens: AddedTokens;
  readonly #split: Split;
  readonly #encodePiece: EncodePiece;
  readonly #encodeWord: (word: string) => readonly number[];
  /** Special tokens that the post-processor puts before and after a sequence. */
  readonly #prefix: readonly number[];
  readonly #suffix: readonly number[];
  readonly #truncationSide: 'left' | 'right';
  /** The length that the tokenizer's config allows, Infinity where it sets none. In tokens. */
  readonly modelMaxLength: number;

  /** Throws UserError naming a component that would not give the ids of the Rust library. */
  constructor({ json, modelMaxLength, truncationSide, splitSpecialTokens }: TokenizerDefinition) {
    const normalize = compileNormalizer(json.normalizer);
    const { split, writesBytes } = compilePreTokenizer(json.pre_tokenizer);
    this.#addedTokens = new AddedTokens(json.added_tokens ?? [], normalize, splitSpecialTokens);
    this.#split = split;
    this.#encodePiece = compileModel(json.model, writesBytes);
    this.#encodeWord = remember(word => this.#tokens(word));
    ({ prefix: this.#prefix, suffix: this.#suffix } = specialTokensAround(json.post_processor));
    this.#truncationSide = truncationSide;
    this.modelMaxLength = modelMaxLength;
  }

  /** Loads the tokenizer of a folder. Throws UserError where it is missing, broken or of an unsupported kind. */
  static load(folder: string): Tokenizer {
    try {
      return new Tokenizer(readTokenizer(folder));
    } catch (error) {
      if (error instanceof UserError) throw error;
      throw new UserError(`${basename(folder)}/${TOKENIZER}: ${(error as Error).message}`);
    }
  }

  /** Special tokens around every sequence. */
  get specialTokens(): number {
    return this.#prefix.length + this.#suffix.length;
  }

  /** How many tokens stand before the first word's. */
  get prefixLength(): number {
    return this.#prefix.length;
  }

  /** Encodes a text, cut to `maxLength` tokens on the tokenizer's truncation side, special tokens kept. */
  encode(text: string, maxLength: number): Encoding {
    const tokens = this.#tokens(text);
    const room = maxLength - this.specialTokens;
    const truncated = tokens.length > room;
    const start = truncated && this.#truncationSide === 'left' ? tokens.length - room : 0;
    return {
      ids: this.#surround(tokens.slice(start, start + room)),
      truncated,
      length: tokens.length + this.specialTokens,
    };
  }

  /** Encodes each word on its own, as `is_split_into_words` does. */
  encodeWords(words: readonly string[]): WordTokens {
    return words.map(this.#encodeWord);
  }

  /** Puts the special tokens once around a run of words. The tokens have to fit. */
  joinWords(words: WordTokens): Int32Array {
    return this.#surround(words.flat());
  }

  #tokens(text: string): number[] {
    const ids: number[] = [];
    // A lone surrogate is U+FFFD to the Rust library, which reads UTF-8.
    for (const section of this.#addedTokens.extract(text.toWellFormed())) {
      if (typeof section === 'number') ids.push(section);
      else {
        for (const piece of this.#split(section.text, section.isStart)) {
          for (const id of this.#encodePiece(piece)) ids.push(id);
        }
      }
    }
    return ids;
  }

  #surround(tokens: readonly number[]): Int32Array {
    const ids = new Int32Array(this.specialTokens + tokens.length);
    ids.set(this.#prefix);
    ids.set(tokens, this.#prefix.length);
    ids.set(this.#suffix, this.#prefix.length + tokens.length);
    return ids;
  }
}
