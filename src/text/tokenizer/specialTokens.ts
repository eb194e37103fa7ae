// The added tokens of a tokenizer once transformers has loaded it: those of tokenizer.json, and those that the files
// beside it name. As PreTrainedTokenizerBase._from_pretrained and TokenizersBackend.__init__ of transformers 5.23 do it.

import { UserError } from '../../errors.js';
import { AddedVocabulary, type Token } from './addedVocabulary.js';
import type { Config, TokenizerClass } from './classes.js';
import type { AddedToken, Component, TokenizerJson } from './json.js';

/** The parsed files; {} for those that there are none of. */
export interface TokenizerSources {
  readonly json: TokenizerJson;
  readonly config: Config;
  /** special_tokens_map.json and added_tokens.json: they count only where the config has no `added_tokens_decoder`. */
  readonly specialTokensMap: Config;
  readonly addedTokens: Readonly<Record<string, number>>;
}

const NAMES = ['bos_token', 'eos_token', 'unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token'];

export function addedTokensOf(sources: TokenizerSources, tokenizerClass: TokenizerClass): AddedToken[] {
  const { json } = sources;
  const settings = settingsOf(sources);
  const named = namedTokens(settings, json, tokenizerClass);
  const special = [...named, ...extraTokens(settings)];
  const vocabulary = new AddedVocabulary(json.model.vocab as Readonly<Record<string, number>>);
  if (!tokenizerClass.rebuild) vocabulary.add((json.added_tokens ?? []).map(readToken));
  const listed = listedTokens(sources, settings).map(token => {
    const isNamed = named.some(({ content }) => content === token.content);
    return isNamed ? { ...token, special: true } : token;
  });
  const isKnown = ({ content }: Token) =>
    vocabulary.has(content) || listed.some(token => token.content === content);
  vocabulary.add([...listed, ...special.filter(token => !isKnown(token))]);
  if (tokenizerClass.dropsFlags) vocabulary.add(special.map(({ content }) => specialToken(content)));
  return vocabulary.tokens();
}

/** The config, and over it special_tokens_map.json where that counts. */
function settingsOf({ config, specialTokensMap }: TokenizerSources): Config {
  const extra = config.extra_special_tokens as object | undefined;
  const isUnset = !extra || Object.keys(extra).length === 0;
  const settings =
    isUnset && config.additional_special_tokens
      ? { ...config, extra_special_tokens: config.additional_special_tokens }
      : config;
  if ('added_tokens_decoder' in config) return settings;
  const fromMap = Object.entries(specialTokensMap).map(([name, value]) => {
    if (name === 'extra_special_tokens' && Array.isArray(value)) {
      const before = (settings.extra_special_tokens ?? []) as unknown[];
      return [name, [...before, ...value.filter(token => !before.includes(token))]];
    }
    const isToken = typeof value === 'object' && value !== null && !Array.isArray(value);
    return [name, isToken ? { ...value, special: true, __type: 'AddedToken' } : value];
  });
  return { ...settings, ...Object.fromEntries(fromMap) };
}

/** `bos_token` and its like, then those of the model's own, such as `image_token`. */
function namedTokens(settings: Config, json: TokenizerJson, { specialTokens }: TokenizerClass): Token[] {
  const { pad_token } = (json.padding ?? {}) as Component;
  const values: Config = { pad_token, ...specialTokens, ...settings };
  const own = Object.entries(values)
    .filter(([name, value]) => name.endsWith('_token') && !NAMES.includes(name) && isToken(value))
    .sort(([, a], [, b]) => Number(typeof a === 'string') - Number(typeof b === 'string'));
  const { extra_special_tokens: extra, model_specific_special_tokens: specific } = settings;
  const byName = [specific, Array.isArray(extra) ? {} : extra].flatMap(tokens =>
    Object.entries(tokens ?? {}),
  );
  return [...NAMES.map(name => [name, values[name]] as const), ...own, ...byName]
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => tokenOf(name, value, true));
}

function extraTokens({
  extra_special_tokens: extra,
  additional_special_tokens: additional,
}: Config): Token[] {
  const tokens = extra ?? additional ?? [];
  return Array.isArray(tokens) ? tokens.map(token => tokenOf('extra_special_tokens', token, false)) : [];
}

/** The tokens with an index of their own, in the order of those. */
function listedTokens({ json, config, addedTokens }: TokenizerSources, settings: Config): Token[] {
  const byIndex = new Map<number, Token>();
  if ('added_tokens_decoder' in config) {
    const decoder = config.added_tokens_decoder as Readonly<Record<string, Component>>;
    for (const [index, token] of Object.entries(decoder)) byIndex.set(Number(index), readToken(token));
  } else {
    const { extra_special_tokens: extra } = settings;
    const special = [...NAMES.map(name => settings[name]), ...(Array.isArray(extra) ? extra : [])].map(
      contentOf,
    );
    for (const [content, index] of Object.entries(addedTokens)) {
      const isSpecial = special.includes(content);
      byIndex.set(index, readToken({ content, special: isSpecial, normalized: !isSpecial }));
    }
    for (const token of json.added_tokens ?? []) byIndex.set(token.id, readToken(token));
  }
  return [...byIndex].sort(([a], [b]) => a - b).map(([, token]) => token);
}

function isToken(value: unknown): value is string | Component {
  return typeof value === 'string' || (value as Component | null)?.__type === 'AddedToken';
}

function contentOf(value: unknown): unknown {
  return typeof value === 'string' ? value : (value as Component | undefined)?.content;
}

function tokenOf(name: string, value: unknown, isNamed: boolean): Token {
  if (!isToken(value)) {
    const found = JSON.stringify(value);
    throw new UserError(`tokenizer_config.json: ${name}: expected a string or an AddedToken, found ${found}`);
  }
  if (typeof value === 'string') return specialToken(value);
  const token = readToken(value);
  return isNamed ? { ...token, special: true } : token;
}

function specialToken(content: string): Token {
  return readToken({ content, special: true });
}

/** A token as it is written, with what AddedToken takes for the flags that are not. */
function readToken(written: object): Token {
  const { content, single_word, lstrip, rstrip, normalized, special } = written as Component;
  if (typeof content !== 'string') {
    throw new UserError(`added token: expected its content, found ${JSON.stringify(written)}`);
  }
  return {
    content,
    single_word: Boolean(single_word),
    lstrip: Boolean(lstrip),
    rstrip: Boolean(rstrip),
    normalized: Boolean(normalized ?? !special),
    special: Boolean(special),
  };
}
