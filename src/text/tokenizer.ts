// Text to token ids, the same as those of AutoTokenizer in transformers.

import { basename } from 'node:path';
import { UserError } from '../errors.js';
import { AddedTokens } from './tokenizer/addedTokens.js';
import { compileAlignedNormalizer } from './tokenizer/alignedNormalizer.js';
import { compileDecoder, type Decode } from './tokenizer/decoder.js';
import { readTokenizer, TOKENIZER, type TokenizerDefinition } from './tokenizer/files.js';
import type { Component } from './tokenizer/json.js';
import { type LocatedToken, type LocatingParts, locateTokens } from './tokenizer/locate.js';
import { longestFirst } from './tokenizer/longestFirst.js';
import { memoize } from './tokenizer/memoize.js';
import { compileModel, type Model } from './tokenizer/model.js';
import { compileNormalizer } from './tokenizer/normalizer.js';
import { pairTokens, surroundingTokens } from './tokenizer/postProcessor.js';
import { compilePreTokenizer, type PreTokenizer } from './tokenizer/preTokenizer.js';
import { TokenStrings } from './tokenizer/tokenStrings.js';
import { compileTrim, type Trim } from './tokenizer/trimOffsets.js';

export {
  readTokenizer,
  readTokenizerFiles,
  resolveTokenizer,
  TOKENIZER,
  TOKENIZER_FILES,
  type TokenizerDefinition,
  writeTokenizer,
} from './tokenizer/files.js';
export { ggufTokenizer } from './tokenizer/gguf/tokenizer.js';
export type { LocatedToken } from './tokenizer/locate.js';

export type TruncationSide = 'left' | 'right';

/** The token ids of a text, with special tokens around them. */
export interface Encoding {
  readonly ids: Int32Array;
  /** Whether tokens were cut off to fit the length. */
  readonly truncated: boolean;
  /** Number of tokens before the cut, special tokens included. */
  readonly length: number;
}

/** All token ids of a text, in windows with special tokens around each. */
export interface WindowedEncoding {
  readonly windows: readonly Int32Array[];
  /** Number of tokens of the text, special tokens counted once. */
  readonly length: number;
}

/** Token ids of each word, without special tokens. A word may have no token. */
export type WordTokens = readonly (readonly number[])[];

/** The tokens of a text as ids and as the strings that stand for them in the vocabulary. */
export interface TokenList {
  readonly ids: Int32Array;
  readonly tokens: readonly string[];
}

export class Tokenizer {
  readonly #normalizer: Component | null | undefined;
  readonly #decoder: Component | null | undefined;
  readonly #addedTokens: AddedTokens;
  readonly #preTokenizer: PreTokenizer;
  readonly #model: Model;
  readonly #strings: TokenStrings;
  readonly #trim: Trim | undefined;
  /** Made when positions are first asked for. */
  #locatingParts: LocatingParts | undefined;
  #decode: Decode | undefined;
  readonly #encodeWord: (word: string) => readonly number[];
  /** Ids of the special tokens that the post-processor puts before and after a sequence. */
  readonly #prefix: readonly number[];
  readonly #suffix: readonly number[];
  readonly #postProcessor: Component | null | undefined;
  readonly truncationSide: TruncationSide;
  /** The id of the unknown token; undefined if the tokenizer names none. */
  readonly unknownTokenId: number | undefined;
  /** The longest sequence that the tokenizer's config allows, in tokens; Infinity if it sets no limit. */
  readonly modelMaxLength: number;

  /**
   * Compiles a tokenizer. Throws UserError naming a component that would give other ids than the tokenizers library.
   */
  constructor(definition: TokenizerDefinition) {
    const { json, modelMaxLength, truncationSide, splitSpecialTokens, unknownToken } = definition;
    const normalize = compileNormalizer(json.normalizer);
    this.#normalizer = json.normalizer;
    this.#postProcessor = json.post_processor;
    this.#decoder = json.decoder as Component | null | undefined;
    this.#preTokenizer = compilePreTokenizer(json.pre_tokenizer);
    this.#addedTokens = new AddedTokens(json.added_tokens ?? [], normalize, splitSpecialTokens);
    this.#model = compileModel(json.model, this.#preTokenizer.isByteLevel);
    this.#encodeWord = memoize(word => this.#tokens(word));
    this.#strings = new TokenStrings(this.#model.vocabulary, json.added_tokens ?? [], normalize);
    this.#trim = compileTrim(json.post_processor);
    ({ prefix: this.#prefix, suffix: this.#suffix } = surroundingTokens(json.post_processor));
    this.truncationSide = truncationSide;
    this.unknownTokenId = unknownToken === undefined ? undefined : this.#strings.idOf(unknownToken);
    this.modelMaxLength = modelMaxLength;
  }

  /** Loads the tokenizer of a folder. Throws UserError if it is missing, broken or of an unsupported kind. */
  static load(folder: string): Tokenizer {
    try {
      return new Tokenizer(readTokenizer(folder));
    } catch (error) {
      if (error instanceof UserError) throw error;
      throw new UserError(`${basename(folder)}/${TOKENIZER}: ${(error as Error).message}`);
    }
  }

  /** Number of special tokens around every sequence. */
  get specialTokens(): number {
    return this.#prefix.length + this.#suffix.length;
  }

  /** Number of special tokens before every sequence: the position of the first token that is not special. */
  get prefixLength(): number {
    return this.#prefix.length;
  }

  /** Whether it has a template for pairs of texts that puts a token between them. */
  get readsPairs(): boolean {
    return pairTokens(this.#postProcessor) !== undefined;
  }

  /**
   * Encodes a text, cut to `maxLength` tokens, on the tokenizer's truncation side unless it is given. `maxLength` includes the special
   * tokens, which are never cut, and is at least their number.
   */
  encode(text: string, maxLength: number, truncationSide = this.truncationSide): Encoding {
    const tokens = this.#tokens(text);
    const maxTokens = maxLength - this.specialTokens;
    const truncated = tokens.length > maxTokens;
    const start = truncated && truncationSide === 'left' ? tokens.length - maxTokens : 0;
    return {
      ids: this.surround(tokens.slice(start, start + maxTokens)),
      truncated,
      length: tokens.length + this.specialTokens,
    };
  }

  /**
   * Encodes a pair of texts as one sequence, with the special tokens of the tokenizer's template for pairs, cut to
   * `maxLength` tokens. Tokens are taken from the longer text first, on the tokenizer's truncation side unless it is given.
   * `maxLength` includes the special tokens, which are never cut.
   * Throws UserError if the tokenizer has no template for pairs that puts a token between the texts, or if there is no room
   * for a token of each text.
   */
  encodePair(
    [first, second]: readonly [string, string],
    maxLength: number,
    truncationSide = this.truncationSide,
  ): Encoding {
    const special = pairTokens(this.#postProcessor);
    if (!special) {
      throw new UserError(
        "expected one text, found a pair: the model's tokenizer has no template for pairs that puts a token between the texts",
      );
    }
    const { prefix, separator, suffix } = special;
    const texts = [this.#tokens(first), this.#tokens(second)] as const;
    const specialTokens = prefix.length + separator.length + suffix.length;
    if (maxLength < specialTokens + 2) {
      throw new UserError(
        `expected one text, found a pair: the ${specialTokens} special tokens of a pair leave no room for two texts in the maximum of ${maxLength}`,
      );
    }
    const kept = longestFirst(texts[0].length, texts[1].length, maxLength - specialTokens);
    const [a, b] = texts.map((tokens, i) =>
      truncationSide === 'left' ? tokens.slice(tokens.length - kept[i]!) : tokens.slice(0, kept[i]),
    );
    const length = specialTokens + texts[0].length + texts[1].length;
    const ids = Int32Array.from([...prefix, ...a!, ...separator, ...b!, ...suffix]);
    return { ids, truncated: ids.length < length, length };
  }

  /**
   * Encodes all of a text, in windows of at most `maxLength` tokens, special tokens included, that overlap by half:
   * those of the tokenizers library with half of a window as its `stride`.
   */
  encodeWindows(text: string, maxLength: number): WindowedEncoding {
    const tokens = this.#tokens(text);
    const maxTokens = maxLength - this.specialTokens;
    const step = Math.ceil(maxTokens / 2);
    const count = 1 + Math.max(0, Math.ceil((tokens.length - maxTokens) / step));
    const windows = Array.from({ length: count }, (_, window) =>
      this.surround(tokens.slice(window * step, window * step + maxTokens)),
    );
    return { windows, length: tokens.length + this.specialTokens };
  }

  /** Encodes each word on its own, like `is_split_into_words` in transformers. */
  encodeWords(words: readonly string[]): WordTokens {
    return words.map(this.#encodeWord);
  }

  /** The ids of a run of words, with the special tokens once around them. Nothing is cut. */
  joinWords(words: WordTokens): Int32Array {
    return this.surround(words.flat());
  }

  /**
   * Encodes a text whole and finds the tokens one by one, special tokens around it left out, with the offsets of the
   * tokenizers library before its post-processor: `trimmed` gives those behind it.
   */
  locate(text: string): Iterable<LocatedToken> {
    this.#locatingParts ??= {
      normalize: compileAlignedNormalizer(this.#normalizer),
      addedTokens: this.#addedTokens,
      preTokenizer: this.#preTokenizer,
      model: this.#model,
      strings: this.#strings,
    };
    return locateTokens(text.toWellFormed(), this.#locatingParts);
  }

  /**
   * A token of a text with the offsets that the post-processor leaves. `isFirst` says whether it is the first one of its
   * sequence, special tokens not counted.
   */
  trimmed(text: string, token: LocatedToken, isFirst: boolean): LocatedToken {
    return this.#trim ? this.#trim(text, token, isFirst) : token;
  }

  /** The tokens of a whole text, with the special tokens around it unless `addSpecialTokens` is false. */
  tokenize(text: string, { addSpecialTokens = true } = {}): TokenList {
    const tokens = this.#tokens(text);
    const ids = addSpecialTokens ? this.surround(tokens) : Int32Array.from(tokens);
    return { ids, tokens: Array.from(ids, id => this.tokenOf(id)) };
  }

  /** The string of a token, like convert_ids_to_tokens of transformers. */
  tokenOf(id: number): string {
    return this.#strings.tokenOf(id);
  }

  /** The text that tokens spell, like convert_tokens_to_string of transformers. Throws UserError for an unknown decoder. */
  textOf(tokens: readonly string[]): string {
    this.#decode ??= compileDecoder(this.#decoder);
    return this.#decode(tokens);
  }

  #tokens(text: string): number[] {
    const ids: number[] = [];
    // The tokenizers library reads UTF-8, in which a lone surrogate becomes U+FFFD.
    for (const section of this.#addedTokens.extract(text.toWellFormed())) {
      if (typeof section === 'number') ids.push(section);
      else {
        for (const piece of this.#preTokenizer.split(section.text, section.isStart)) {
          for (const id of this.#model.encodePiece(piece)) ids.push(id);
        }
      }
    }
    return ids;
  }

  /** The ids of some tokens, with the special tokens around them. */
  surround(tokens: readonly number[]): Int32Array {
    const ids = new Int32Array(this.specialTokens + tokens.length);
    ids.set(this.#prefix);
    ids.set(tokens, this.#prefix.length);
    ids.set(this.#suffix, this.#prefix.length + tokens.length);
    return ids;
  }
}
