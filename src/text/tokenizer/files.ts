// Reads the tokenizer of a folder as AutoTokenizer of transformers does, and writes one to a folder.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { UserError } from '../../errors.js';
import { parseJson } from '../../json.js';
import { decodeUtf8 } from '../../utf8.js';
import type { Config } from './classes.js';
import type { TokenizerJson } from './json.js';
import {
  type ResolvedTokenizer,
  resolveAddedTokens,
  type TokenizerSources,
  unknownTokenOf,
} from './resolveAddedTokens.js';
import { selectClass } from './selectClass.js';
import { modelMaxLengthOf, refuseUnsupportedSettings, truncationSideOf } from './settings.js';
import { checkAddedTokens, checkSettings, checkTokenizer } from './validate.js';
import { version4Tokenizer } from './version4.js';

export const TOKENIZER = 'tokenizer.json';
const TOKENIZER_CONFIG = 'tokenizer_config.json';
const SPECIAL_TOKENS_MAP = 'special_tokens_map.json';
const ADDED_TOKENS = 'added_tokens.json';
const MODEL_CONFIG = 'config.json';

/** The files of a folder that decide which ids a text has. All but the first may be missing. */
export const TOKENIZER_FILES = [TOKENIZER, TOKENIZER_CONFIG, SPECIAL_TOKENS_MAP, ADDED_TOKENS, MODEL_CONFIG];

/** A tokenizer as transformers has it after loading. */
export interface TokenizerDefinition {
  readonly json: TokenizerJson;
  /** The longest sequence that it allows, in tokens; Infinity if it sets no limit. */
  readonly modelMaxLength: number;
  readonly truncationSide: 'left' | 'right';
  /** Whether special tokens that a text spells are read as plain text. */
  readonly splitSpecialTokens: boolean;
  /** The token that stands for what the vocabulary lacks; undefined if the files and the class name none. */
  readonly unknownToken?: string | undefined;
}

/** The parsed and checked files of a tokenizer's folder. */
export interface TokenizerFiles extends TokenizerSources {
  readonly modelConfig: Config;
  readonly isByteLevel: boolean;
}

/**
 * Reads the tokenizer of a folder.
 * Throws UserError if tokenizer.json is missing, a file is broken, or ids would differ from those of transformers.
 * @param asWritten whether the folder is read as transformers 4 reads it, and not as transformers 5 does
 */
export function readTokenizer(folder: string, asWritten = false): TokenizerDefinition {
  return resolveTokenizer(readTokenizerFiles(folder), asWritten);
}

/** Reads the files of a folder. Throws UserError if tokenizer.json is missing, or a file is broken or not supported. */
export function readTokenizerFiles(folder: string): TokenizerFiles {
  if (!existsSync(join(folder, TOKENIZER))) throw missingTokenizer(folder);
  const text = readText(folder, TOKENIZER);
  const sources = {
    json: parseObject(folder, TOKENIZER, text),
    config: readOptional(folder, TOKENIZER_CONFIG),
    specialTokensMap: readOptional(folder, SPECIAL_TOKENS_MAP),
    addedTokens: readOptional(folder, ADDED_TOKENS),
  } as unknown as TokenizerSources;
  const modelConfig = readOptional(folder, MODEL_CONFIG);
  const where = (name: string) => `${basename(folder)}/${name}`;
  checkTokenizer(sources.json, where(TOKENIZER));
  checkSettings(sources.config, where(TOKENIZER_CONFIG));
  checkSettings(sources.specialTokensMap, where(SPECIAL_TOKENS_MAP));
  checkAddedTokens(sources.addedTokens, where(ADDED_TOKENS));
  checkSettings(modelConfig, where(MODEL_CONFIG));
  refuseUnsupportedSettings(sources, modelConfig);
  return { ...sources, modelConfig, isByteLevel: text.includes('"ByteLevel"') };
}

/** The tokenizer that transformers makes of a folder's files: version 4 if it is taken as written, else version 5. */
export function resolveTokenizer(files: TokenizerFiles, asWritten: boolean): TokenizerDefinition {
  const { config } = files;
  const { json, unknownToken } = asWritten
    ? version4Tokenizer(files, files.modelConfig)
    : version5Tokenizer(files);
  return {
    // These settings are leftovers of training. Here the model's max length decides, and nothing is padded.
    json: { ...json, truncation: null, padding: null },
    modelMaxLength: modelMaxLengthOf(config),
    truncationSide: truncationSideOf(files),
    splitSpecialTokens: config.split_special_tokens === true,
    unknownToken,
  };
}

function version5Tokenizer(files: TokenizerFiles): ResolvedTokenizer {
  const { json, config } = files;
  const tokenizerClass = selectClass(config, files.modelConfig, files.isByteLevel);
  const rebuilt = tokenizerClass.rebuild?.(config);
  const { vocab, merges } = json.model;
  const resolved = {
    ...json,
    ...rebuilt,
    model: rebuilt ? { ...rebuilt.model, type: 'BPE', vocab, merges } : json.model,
    added_tokens: resolveAddedTokens(files, tokenizerClass),
  };
  return { json: resolved, unknownToken: unknownTokenOf(files, tokenizerClass) };
}

/** Writes tokenizer.json and tokenizer_config.json, from which `readTokenizer` and transformers read the same again. */
export function writeTokenizer(definition: TokenizerDefinition, folder: string): void {
  const config = {
    tokenizer_class: 'TokenizersBackend',
    ...(Number.isFinite(definition.modelMaxLength) && { model_max_length: definition.modelMaxLength }),
    truncation_side: definition.truncationSide,
    split_special_tokens: definition.splitSpecialTokens,
    ...(definition.unknownToken !== undefined && { unk_token: definition.unknownToken }),
  };
  writeFileSync(join(folder, TOKENIZER), JSON.stringify(definition.json));
  writeFileSync(join(folder, TOKENIZER_CONFIG), `${JSON.stringify(config, null, 2)}\n`);
}

function readOptional(folder: string, name: string): Config {
  return existsSync(join(folder, name)) ? parseObject(folder, name, readText(folder, name)) : {};
}

function readText(folder: string, name: string): string {
  try {
    return decodeUtf8(readFileSync(join(folder, name)), `${basename(folder)}/${name}`);
  } catch (error) {
    if (error instanceof UserError) throw error;
    const reason = (error as NodeJS.ErrnoException).code;
    throw new UserError(
      `${basename(folder)}/${name}: expected a file that can be read, found none (${reason})`,
    );
  }
}

function parseObject(folder: string, name: string, text: string): Config {
  const where = `${basename(folder)}/${name}`;
  const value = parseJson(text, where);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Config;
  throw new UserError(`${where}: expected an object, found ${text.slice(0, 40)}`);
}

/** Files that transformers can convert to a tokenizer, if sentencepiece, protobuf and tiktoken are installed. */
const CONVERTIBLE = ['tokenizer.model', 'tiktoken.model', 'vocab.json'];

function missingTokenizer(folder: string): UserError {
  const files = existsSync(folder) ? readdirSync(folder) : [];
  const convertible = CONVERTIBLE.find(name => files.includes(name));
  return new UserError(
    `tokenizer: expected ${TOKENIZER} in ${basename(folder)}, found ${convertible ?? 'none'}. ` +
      (convertible
        ? 'Make one in Python, after pip install transformers sentencepiece protobuf tiktoken: ' +
          `transformers.AutoTokenizer.from_pretrained(FOLDER).backend_tokenizer.save(FOLDER + '/${TOKENIZER}')`
        : 'Give the folder that has one with --tokenizer'),
  );
}
