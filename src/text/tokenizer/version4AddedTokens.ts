// The added tokens of a tokenizer after loading it with transformers 4.
// Follows PreTrainedTokenizerBase._from_pretrained and PreTrainedTokenizerFast.__init__ of transformers 4.57.

import { AddedVocabulary } from './addedVocabulary.js';
import type { Config } from './classes.js';
import type { AddedToken, Component } from './json.js';
import { type NewToken, parseToken, settingToken } from './newToken.js';
import { indexedTokens, NAMES, type TokenizerSources } from './resolveAddedTokens.js';

export interface SpecialTokenDefaults {
  /** Special tokens that a class has if tokenizer_config.json does not name them. */
  readonly specialTokens: Readonly<Record<string, string | null>>;
  /** Whether the class adds its special tokens a second time, without the flags that they have in tokenizer.json. */
  readonly dropsFlags?: boolean;
}

/**
 * The added tokens with their ids and flags, in the order of their ids.
 * Throws UserError naming a setting that is not a token.
 */
export function version4AddedTokens(sources: TokenizerSources, defaults: SpecialTokenDefaults): AddedToken[] {
  const { json } = sources;
  const settings = mergeSettings(sources);
  const vocabulary = new AddedVocabulary(json.model.vocab as Readonly<Record<string, number>>);
  vocabulary.add((json.added_tokens ?? []).map(parseToken));
  const named = namedTokens({
    pad_token: (json.padding as Component | null)?.pad_token,
    ...defaults.specialTokens,
    ...settings,
  });
  const special = named.map(([name, value]) => ({ ...settingToken(name, value), special: true }));
  const indexed = indexedTokens(sources, {
    ...settings,
    extra_special_tokens: settings.additional_special_tokens,
  }).map(token =>
    special.some(({ content }) => content === token.content) ? { ...token, special: true } : token,
  );
  const isIndexed = (token: NewToken) => indexed.some(({ content }) => content === token.content);
  // A token that a file writes as an object with flags is added even if tokenizer.json has it already.
  const isAdded = (token: NewToken, i: number) => {
    const hasFlags = defaults.dropsFlags || typeof named[i]![1] === 'object';
    return !isIndexed(token) && (hasFlags || !vocabulary.has(token.content));
  };
  vocabulary.add([...indexed, ...special.filter(isAdded)]);
  return vocabulary.tokens();
}

/** The config, overridden by special_tokens_map.json if that counts. Both list additional special tokens. */
function mergeSettings({ config, specialTokensMap }: TokenizerSources): Config {
  if ('added_tokens_decoder' in config) return config;
  const fromMap = Object.entries(specialTokensMap).map(([name, value]) => [name, fromMapValue(value)]);
  const merged = { ...config, ...Object.fromEntries(fromMap) };
  const lists = [config, merged].map(settings => settings.additional_special_tokens ?? []);
  return { ...merged, additional_special_tokens: [...new Set((lists as unknown[][]).flat())] };
}

/** special_tokens_map.json writes tokens with flags without their type. */
function fromMapValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromMapValue);
  if (typeof value !== 'object' || value === null) return value;
  return { ...value, special: true, __type: 'AddedToken' };
}

/** The settings that name special tokens: those of NAMES, those under names of this model only, and the additional ones. */
function namedTokens(settings: Config): (readonly [name: string, value: unknown])[] {
  const extra = settings.extra_special_tokens ?? {};
  const additional = (settings.additional_special_tokens ?? []) as unknown[];
  return [
    ...NAMES.map(name => [name, settings[name]] as const),
    ...additional.map(token => ['additional_special_tokens', token] as const),
    ...(Array.isArray(extra) ? [] : Object.entries(extra)),
  ].filter(([, value]) => value !== undefined && value !== null);
}
