// Reads maximum length and truncation side from tokenizer_config.json, and refuses settings that replace the tokenizer.

import { UserError } from '../../errors.js';
import type { Config } from './classes.js';
import type { TokenizerJson } from './json.js';
import type { TokenizerSources } from './resolveAddedTokens.js';

/** Throws UserError naming a setting that makes transformers use something other than the folder's tokenizer.json. */
export function refuseUnsupportedSettings({ json, config }: TokenizerSources, modelConfig: Config): void {
  const customCode =
    (config.auto_map as Config | undefined)?.AutoTokenizer ??
    (Array.isArray(config.auto_map) && config.auto_map);
  if (customCode) throw invalid('auto_map', 'a tokenizer without code of its own', config.auto_map);
  if (config.fast_tokenizer_files) {
    const expected = 'no other files than tokenizer.json';
    throw invalid('fast_tokenizer_files', expected, config.fast_tokenizer_files);
  }
  if (config.fix_mistral_regex === true && needsMistralFix(json, modelConfig)) {
    const expected =
      'the fixed pattern in tokenizer.json (load and save the tokenizer once with transformers)';
    throw invalid('fix_mistral_regex', expected, true);
  }
}

/** transformers replaces the pattern of large tokenizers of Mistral models that an older version of it saved. */
function needsMistralFix(json: TokenizerJson, { model_type, transformers_version }: Config): boolean {
  const isLarge = Object.keys(json.model.vocab as object).length + (json.added_tokens?.length ?? 0) > 100_000;
  const isOld = Number.parseInt(String(transformers_version ?? 0), 10) < 5;
  return isLarge && isOld && /^(mistral3?|voxtral|ministral|pixtral)$/.test(String(model_type));
}

/** The longest sequence that the tokenizer allows, in tokens; Infinity if it sets no limit. */
export function modelMaxLengthOf(config: Config): number {
  const limit = config.model_max_length ?? config.max_len ?? null;
  if (limit !== null && typeof limit !== 'number') throw invalid('model_max_length', 'a number', limit);
  // transformers writes "no limit" as 1e30.
  if (limit === null || limit >= 1e9) return Number.POSITIVE_INFINITY;
  if (!Number.isInteger(limit) || limit < 1)
    throw invalid('model_max_length', 'a whole number above 0', limit);
  return limit;
}

/** The truncation side: that of the config, else the direction of the truncation in tokenizer.json, else right. */
export function truncationSideOf({ json, config }: TokenizerSources): 'left' | 'right' {
  const direction = (json.truncation as { direction?: string } | undefined)?.direction ?? 'right';
  const side = config.truncation_side ?? direction.toLowerCase();
  if (side === 'left' || side === 'right') return side;
  throw invalid('truncation_side', 'left or right', side);
}

function invalid(field: string, expected: string, found: unknown): UserError {
  return new UserError(
    `tokenizer_config.json: ${field}: expected ${expected}, found ${JSON.stringify(found)}`,
  );
}
