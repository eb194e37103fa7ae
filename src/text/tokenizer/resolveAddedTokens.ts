// The added tokens of a tokenizer after loading: those of tokenizer.json, and those that the files beside it name.
// Follows PreTrainedTokenizerBase._from_pretrained and TokenizersBackend.__init__ of transformers 5.23.

import { AddedVocabulary } from './addedVocabulary.js';
import type { Config, TokenizerClass } from './classes.js';
import type { AddedToken, Component, TokenizerJson } from './json.js';
import { isToken, type NewToken, parseToken, settingToken, specialToken } from './newToken.js';

/** The parsed files of a folder; {} for a file that is missing. */
export interface TokenizerSources {
  readonly json: TokenizerJson;
  readonly config: Config;
  /** special_tokens_map.json. It counts only if the config has no `added_tokens_decoder`. */
  readonly specialTokensMap: Config;
  /** added_tokens.json, ids by token. It counts only if the config has no `added_tokens_decoder`. */
  readonly addedTokens: Readonly<Record<string, number>>;
}

/** What the files of a folder come to. */
export interface ResolvedTokenizer {
  readonly json: TokenizerJson;
  readonly unknownToken: string | undefined;
}

/** The settings by which every tokenizer may name a special token. */
export const NAMES = [
  'bos_token',
  'eos_token',
  'unk_token',
  'sep_token',
  'pad_token',
  'cls_token',
  'mask_token',
];

/**
 * The added tokens of a folder's tokenizer with their ids and flags, in the order of their ids.
 * Throws UserError naming a setting that is not a token.
 */
export function resolveAddedTokens(sources: TokenizerSources, tokenizerClass: TokenizerClass): AddedToken[] {
  const { json } = sources;
  const settings = mergeSettings(sources);
  const named = namedTokens(settings, json, tokenizerClass);
  const special = [...named, ...extraTokens(settings)];
  const vocabulary = new AddedVocabulary(json.model.vocab as Readonly<Record<string, number>>);
  if (!tokenizerClass.rebuild) vocabulary.add((json.added_tokens ?? []).map(parseToken));
  const indexed = indexedTokens(sources, settings).map(token => {
    const isNamed = named.some(({ content }) => content === token.content);
    return isNamed ? { ...token, special: true } : token;
  });
  const isKnown = ({ content }: NewToken) =>
    vocabulary.has(content) || indexed.some(token => token.content === content);
  vocabulary.add([...indexed, ...special.filter(token => !isKnown(token))]);
  if (tokenizerClass.dropsFlags) vocabulary.add(special.map(({ content }) => specialToken(content)));
  return vocabulary.tokens();
}

/** The token that stands for what the vocabulary lacks; undefined if neither a file nor the class names one. */
export function unknownTokenOf(
  sources: TokenizerSources,
  { specialTokens }: Pick<TokenizerClass, 'specialTokens'>,
): string | undefined {
  const settings: Config = { ...specialTokens, ...mergeSettings(sources) };
  const content = contentOf(settings.unk_token ?? undefined);
  return typeof content === 'string' ? content : undefined;
}

/** The config, overridden by special_tokens_map.json if that counts. */
function mergeSettings({ config, specialTokensMap }: TokenizerSources): Config {
  const extra = config.extra_special_tokens as object | undefined;
  const isUnset = !extra || Object.keys(extra).length === 0;
  const settings =
    isUnset && config.additional_special_tokens
      ? { ...config, extra_special_tokens: config.additional_special_tokens }
      : config;
  if ('added_tokens_decoder' in config) return settings;
  const fromMap = Object.entries(specialTokensMap).map(([name, value]) => {
    if (name === 'extra_special_tokens' && Array.isArray(value)) {
      const configured = (settings.extra_special_tokens ?? []) as unknown[];
      return [name, [...configured, ...value.filter(token => !configured.includes(token))]];
    }
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return [name, isObject ? { ...value, special: true, __type: 'AddedToken' } : value];
  });
  return { ...settings, ...Object.fromEntries(fromMap) };
}

/**
 * The tokens that have a setting of their own, which are always special: those of NAMES, then those under names that
 * only this model has, such as `image_token`.
 */
function namedTokens(settings: Config, json: TokenizerJson, { specialTokens }: TokenizerClass): NewToken[] {
  const { pad_token } = (json.padding ?? {}) as Component;
  const values: Config = { pad_token, ...specialTokens, ...settings };
  const ofModel = Object.entries(values)
    .filter(([name, value]) => name.endsWith('_token') && !NAMES.includes(name) && isToken(value))
    .sort(([, a], [, b]) => Number(typeof a === 'string') - Number(typeof b === 'string'));
  const { extra_special_tokens: extra, model_specific_special_tokens: specific } = settings;
  const byName = [specific, Array.isArray(extra) ? {} : extra].flatMap(tokens =>
    Object.entries(tokens ?? {}),
  );
  return [...NAMES.map(name => [name, values[name]] as const), ...ofModel, ...byName]
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => ({ ...settingToken(name, value), special: true }));
}

/** The tokens of `extra_special_tokens`, which older versions call `additional_special_tokens`. */
function extraTokens({
  extra_special_tokens: extra,
  additional_special_tokens: additional,
}: Config): NewToken[] {
  const tokens = extra ?? additional ?? [];
  return Array.isArray(tokens) ? tokens.map(token => settingToken('extra_special_tokens', token)) : [];
}

/** The tokens that a file lists with an index, in the order of the indices. */
export function indexedTokens({ json, config, addedTokens }: TokenizerSources, settings: Config): NewToken[] {
  const byIndex = new Map<number, NewToken>();
  if ('added_tokens_decoder' in config) {
    const decoder = config.added_tokens_decoder as Readonly<Record<string, Component>>;
    for (const [index, token] of Object.entries(decoder)) byIndex.set(Number(index), parseToken(token));
  } else {
    const { extra_special_tokens: extra } = settings;
    const values = [...NAMES.map(name => settings[name]), ...(Array.isArray(extra) ? extra : [])];
    const special = values.map(contentOf);
    for (const [content, index] of Object.entries(addedTokens)) {
      const isSpecial = special.includes(content);
      byIndex.set(index, parseToken({ content, special: isSpecial, normalized: !isSpecial }));
    }
    for (const token of json.added_tokens ?? []) byIndex.set(token.id, parseToken(token));
  }
  return [...byIndex].sort(([a], [b]) => a - b).map(([, token]) => token);
}

/** The content of a setting's token, or whatever else the setting holds. */
function contentOf(value: unknown): unknown {
  return typeof value === 'string' ? value : (value as Component | undefined)?.content;
}
