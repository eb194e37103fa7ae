// The tokenizer of a folder, read as transformers' AutoTokenizer reads it, and written so that its files alone say it all.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { UserError } from '../../errors.js';
import { type Config, tokenizerClass } from './classes.js';
import type { Component, TokenizerJson } from './json.js';
import { checkIds, checkSettings, checkTokenizer } from './schema.js';
import { addedTokensOf, type TokenizerSources } from './specialTokens.js';

export const TOKENIZER = 'tokenizer.json';
export const TOKENIZER_CONFIG = 'tokenizer_config.json';
const SPECIAL_TOKENS_MAP = 'special_tokens_map.json';
const ADDED_TOKENS = 'added_tokens.json';
const MODEL_CONFIG = 'config.json';

/** The files of a folder that decide a text's ids. All but the first may be missing. */
export const TOKENIZER_FILES = [TOKENIZER, TOKENIZER_CONFIG, SPECIAL_TOKENS_MAP, ADDED_TOKENS, MODEL_CONFIG];

/** A tokenizer as transformers has it once it is loaded. */
export interface TokenizerDefinition {
  readonly json: TokenizerJson;
  /** The longest sequence that it allows, in tokens; Infinity where it sets no limit. */
  readonly modelMaxLength: number;
  readonly truncationSide: 'left' | 'right';
  /** Special tokens that a user's text spells are plain text. */
  readonly splitSpecialTokens: boolean;
}

/** Throws UserError where tokenizer.json is missing, or a file is broken or of a kind whose ids would not be exact. */
export function readTokenizer(folder: string): TokenizerDefinition {
  if (!existsSync(join(folder, TOKENIZER))) throw missingTokenizer(folder);
  const text = readFileSync(join(folder, TOKENIZER), 'utf8');
  const sources = {
    json: parse(folder, TOKENIZER, text),
    config: readOptional(folder, TOKENIZER_CONFIG),
    specialTokensMap: readOptional(folder, SPECIAL_TOKENS_MAP),
    addedTokens: readOptional(folder, ADDED_TOKENS),
  } as unknown as TokenizerSources;
  const modelConfig = readOptional(folder, MODEL_CONFIG);
  const where = (name: string) => `${basename(folder)}/${name}`;
  checkTokenizer(sources.json, where(TOKENIZER));
  checkSettings(sources.config, where(TOKENIZER_CONFIG));
  checkSettings(sources.specialTokensMap, where(SPECIAL_TOKENS_MAP));
  checkIds(sources.addedTokens, where(ADDED_TOKENS));
  checkSettings(modelConfig, where(MODEL_CONFIG));
  checkConfig(sources, modelConfig);
  const { json, config } = sources;
  const taken = tokenizerClass(config, modelConfig, text.includes('"ByteLevel"'));
  const rebuilt = taken.rebuild?.(config);
  const { vocab, merges } = json.model;
  return {
    json: {
      ...json,
      ...rebuilt,
      model: rebuilt ? { ...rebuilt.model, type: 'BPE', vocab, merges } : json.model,
      added_tokens: addedTokensOf(sources, taken),
      // what training left behind: the recipe's length decides, and nothing is padded
      truncation: null,
      padding: null,
    },
    modelMaxLength: maxLengthOf(config),
    truncationSide: truncationSideOf(sources),
    splitSpecialTokens: config.split_special_tokens === true,
  };
}

/** Writes tokenizer.json and tokenizer_config.json, from which transformers and this read the same tokenizer again. */
export function writeTokenizer(definition: TokenizerDefinition, folder: string): void {
  const config = {
    tokenizer_class: 'TokenizersBackend',
    ...(Number.isFinite(definition.modelMaxLength) && { model_max_length: definition.modelMaxLength }),
    truncation_side: definition.truncationSide,
    split_special_tokens: definition.splitSpecialTokens,
  };
  writeFileSync(join(folder, TOKENIZER), JSON.stringify(definition.json));
  writeFileSync(join(folder, TOKENIZER_CONFIG), `${JSON.stringify(config, null, 2)}\n`);
}

function readOptional(folder: string, name: string): Config {
  const path = join(folder, name);
  return existsSync(path) ? parse(folder, name, readFileSync(path, 'utf8')) : {};
}

function parse(folder: string, name: string, text: string): Config {
  const where = `${basename(folder)}/${name}`;
  const value = parseJson(where, text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Config;
  throw new UserError(`${where}: expected an object, found ${text.slice(0, 40)}`);
}

function parseJson(where: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError(`${where}: not valid JSON: ${(error as Error).message}`);
  }
}

/** Files from which transformers makes a tokenizer, where it has sentencepiece, protobuf and tiktoken to read them. */
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

/** What cannot be followed here. */
function checkConfig({ json, config }: TokenizerSources, modelConfig: Config): void {
  const refuse = (field: string, found: unknown, expected: string) => {
    throw new UserError(
      `${TOKENIZER_CONFIG}: ${field}: expected ${expected}, found ${JSON.stringify(found)}`,
    );
  };
  const own =
    (config.auto_map as Config | undefined)?.AutoTokenizer ??
    (Array.isArray(config.auto_map) && config.auto_map);
  if (own) refuse('auto_map', config.auto_map, 'a tokenizer without code of its own');
  if (config.fast_tokenizer_files) {
    refuse('fast_tokenizer_files', config.fast_tokenizer_files, `${TOKENIZER} for every version`);
  }
  if (config.fix_mistral_regex === true && takesMistralFix(json, modelConfig)) {
    refuse('fix_mistral_regex', true, `the fixed pattern in ${TOKENIZER}: save it once with transformers`);
  }
}

/** transformers puts another pattern into large tokenizers of Mistral models that an older version saved. */
function takesMistralFix(json: TokenizerJson, { model_type, transformers_version }: Config): boolean {
  const isLarge = Object.keys(json.model.vocab as object).length + (json.added_tokens?.length ?? 0) > 100_000;
  const isOld = Number.parseInt(String(transformers_version ?? 0), 10) < 5;
  return isLarge && isOld && /^(mistral3?|voxtral|ministral|pixtral)$/.test(String(model_type));
}

function maxLengthOf(config: Config): number {
  const limit = config.model_max_length ?? config.max_len ?? null;
  if (limit !== null && typeof limit !== 'number') {
    throw new UserError(
      `${TOKENIZER_CONFIG}: model_max_length: expected a number, found ${JSON.stringify(limit)}`,
    );
  }
  // transformers writes "no limit" as 1e30
  return limit !== null && limit < 1e9 ? limit : Number.POSITIVE_INFINITY;
}

/** A direction of truncation left in tokenizer.json counts where the config names no side. */
function truncationSideOf({ json, config }: TokenizerSources): 'left' | 'right' {
  const direction = (json.truncation as Component | undefined)?.direction;
  const side = config.truncation_side ?? String(direction ?? 'right').toLowerCase();
  if (side === 'left' || side === 'right') return side;
  throw new UserError(
    `${TOKENIZER_CONFIG}: truncation_side: expected left or right, found ${JSON.stringify(side)}`,
  );
}
