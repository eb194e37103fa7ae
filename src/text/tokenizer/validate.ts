// Checks the files of a tokenizer against their schemas, so that the error for a damaged file names the damaged place.

import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { UserError } from '../../errors.js';
import type { TokenizerJson } from './json.js';
import { settingsSchema } from './settingsSchema.js';
import { addedTokensSchema, tokenizerSchema } from './tokenizerSchema.js';

const ajv = new Ajv2020({
  allowUnionTypes: true,
  strictTuples: false,
  strictRequired: false,
  strictTypes: false,
});
const isTokenizer = ajv.compile<TokenizerJson>(tokenizerSchema);
const isSettings = ajv.compile(settingsSchema);
const isAddedTokens = ajv.compile(addedTokensSchema);

/** Throws UserError naming the first place of a tokenizer.json that the tokenizers library would not write. */
export function checkTokenizer(json: unknown, where: string): asserts json is TokenizerJson {
  check(isTokenizer, json, where);
}

/** Throws UserError naming the first wrong setting of tokenizer_config.json, special_tokens_map.json or config.json. */
export function checkSettings(settings: unknown, where: string): void {
  check(isSettings, settings, where);
}

/** Throws UserError naming the first entry of an added_tokens.json that is not an id. */
export function checkAddedTokens(ids: unknown, where: string): void {
  check(isAddedTokens, ids, where);
}

/** @param where the file, for the error */
function check(validate: ValidateFunction, value: unknown, where: string): void {
  if (validate(value)) return;
  throw new UserError(`${where}: ${ajv.errorsText(validate.errors?.slice(0, 1), { dataVar: 'file' })}`);
}
