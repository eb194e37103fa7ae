// Text to token ids, as the Rust tokenizers library makes them.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { UserError } from '../errors.js';
import { mendTokenizer, type TokenizerJson } from './tokenizerFixes.js';

export const TOKENIZER = 'tokenizer.json';
export const TOKENIZER_CONFIG = 'tokenizer_config.json';

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
  readonly #tokenizer: HuggingFaceTokenizer;
  /** Special tokens that the post-processor puts before and after a sequence. */
  readonly #prefix: readonly number[];
  readonly #suffix: readonly number[];
  readonly #truncationSide: 'left' | 'right';
  /** The length that the tokenizer's config allows, Infinity where it sets none. In tokens. */
  readonly modelMaxLength: number;

  private constructor(json: TokenizerJson, config: TokenizerConfig) {
    // The Rust library reads tokenizer.json alone, and so does this.
    this.#tokenizer = new HuggingFaceTokenizer(mendTokenizer(json), {});
    [this.#prefix, this.#suffix] = this.#findSpecialTokens();
    this.#truncationSide = config.truncation_side === 'left' ? 'left' : 'right';
    // transformers writes "no limit" as 1e30
    const limit = config.model_max_length;
    this.modelMaxLength = typeof limit === 'number' && limit < 1e9 ? limit : Number.POSITIVE_INFINITY;
  }

  /** Loads `folder`/tokenizer.json. Throws UserError where it is missing, broken or of an unsupported kind. */
  static load(folder: string): Tokenizer {
    const json = readJson(folder, TOKENIZER) as TokenizerJson;
    const hasConfig = existsSync(join(folder, TOKENIZER_CONFIG));
    const config = hasConfig ? (readJson(folder, TOKENIZER_CONFIG) as TokenizerConfig) : {};
    try {
      return new Tokenizer(json, config);
    } catch (error) {
      if (error instanceof UserError) throw error;
      throw new UserError(`${basename(folder)}/${TOKENIZER}: ${(error as Error).message}`);
    }
  }

  /** Special tokens around every sequence. */
  get specialTokens(): number {
    return this.#prefix.length + this.#suffix.length;
  }

  /** Encodes a text, cut to `maxLength` tokens on the tokenizer's truncation side, special tokens kept. */
  encode(text: string, maxLength: number): Encoding {
    return this.#surround(this.#tokens(text), maxLength);
  }

  /** Encodes each word on its own, as `is_split_into_words` does. */
  encodeWords(words: readonly string[]): number[][] {
    return words.map(word => this.#tokens(word));
  }

  /** Puts the special tokens once around a run of words. The tokens have to fit. */
  joinWords(words: WordTokens): Int32Array {
    return Int32Array.from([...this.#prefix, ...words.flat(), ...this.#suffix]);
  }

  /** How many tokens stand before the first word's. */
  get prefixLength(): number {
    return this.#prefix.length;
  }

  #tokens(text: string): number[] {
    // A lone surrogate is U+FFFD to the Rust library, which reads UTF-8.
    return this.#tokenizer.encode(text.toWellFormed(), { add_special_tokens: false }).ids;
  }

  #surround(tokens: readonly number[], maxLength: number): Encoding {
    const room = maxLength - this.specialTokens;
    const truncated = tokens.length > room;
    const kept = !truncated
      ? tokens
      : this.#truncationSide === 'left'
        ? tokens.slice(-room)
        : tokens.slice(0, room);
    return {
      ids: Int32Array.from([...this.#prefix, ...kept, ...this.#suffix]),
      truncated,
      length: tokens.length + this.specialTokens,
    };
  }

  /** The post-processor shows what it adds around a probe. */
  #findSpecialTokens(): [number[], number[]] {
    const bare = this.#tokens('a');
    const whole = this.#tokenizer.encode('a').ids;
    for (let start = 0; start + bare.length <= whole.length; start++) {
      if (bare.every((id, i) => whole[start + i] === id)) {
        return [whole.slice(0, start), whole.slice(start + bare.length)];
      }
    }
    throw new UserError(`${TOKENIZER}: its post_processor changes a text's own tokens`);
  }
}

interface TokenizerConfig {
  readonly model_max_length?: number;
  readonly truncation_side?: string;
}

function readJson(folder: string, name: string): unknown {
  const path = join(folder, name);
  if (!existsSync(path)) throw missingTokenizer(folder);
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UserError(`${basename(folder)}/${name}: not valid JSON: ${(error as Error).message}`);
  }
}

function missingTokenizer(folder: string): UserError {
  const other = existsSync(folder)
    ? readdirSync(folder).find(name => /^tokenizer\.model|\.tiktoken$/.test(name))
    : undefined;
  return new UserError(
    `tokenizer: expected ${TOKENIZER} in ${basename(folder)}, found ${other ?? 'none'}. ` +
      (other
        ? 'Convert it once with transformers: AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER)'
        : 'Give the folder that has one with --tokenizer'),
  );
}
