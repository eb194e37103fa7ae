// Chooses between the two readings of a tokenizer's folder: that of transformers 4, which takes tokenizer.json as it is
// written, and that of transformers 5, whose classes rebuild parts of it. An adapter should be given the tokens that it was
// trained on, so the version that it was trained under decides.

import { basename } from 'node:path';
import { openGguf } from '../checkpoint/gguf.js';
import { UserError } from '../errors.js';
import {
  ggufTokenizer,
  readTokenizerFiles,
  resolveTokenizer,
  TOKENIZER,
  type TokenizerDefinition,
} from '../text/tokenizer.js';
import { type TokenizerDifference, tokenizerDifference } from '../text/tokenizerDifference.js';
import type { TokenizerRecord } from './manifest.js';
import type { ExportRequest } from './recipe.js';
import { locateTokenizer } from './tokenizerLocation.js';
import { trainedVersion } from './trainedVersion.js';

export type TokenizerRequest = Pick<ExportRequest, 'base' | 'adapters' | 'tokenizer' | 'tokenizerAsWritten'>;

interface TokenizerChoice {
  readonly asWritten: boolean;
  /** Why, as a clause. */
  readonly evidence: string;
}

/** The choice of a request: its own, else by the version under which its adapter was trained, else that of version 5. */
export function chooseTokenizer(request: TokenizerRequest): TokenizerChoice {
  const { tokenizerAsWritten: asked, base, adapters } = request;
  if (locateTokenizer(request).kind === 'gguf') {
    return { asWritten: false, evidence: 'a GGUF file describes its tokenizer in one way' };
  }
  if (asked !== undefined) return { asWritten: asked, evidence: 'the option tokenizerAsWritten says so' };
  const version = trainedVersion(base, adapters);
  if (version) return { asWritten: version.major === 4, evidence: version.evidence };
  return { asWritten: false, evidence: 'no file tells which version the adapter was trained with' };
}

export interface ChosenTokenizer {
  readonly definition: TokenizerDefinition;
  readonly record: TokenizerRecord;
  /** One line for the user where the two readings differ, with an example; none where they do not. */
  readonly notes: readonly string[];
}

/** Reads a request's tokenizer. Throws UserError if there is none, or it is damaged, or its ids would not be exact. */
export function readChosenTokenizer(request: TokenizerRequest): ChosenTokenizer {
  const choice = chooseTokenizer(request);
  const { kind, path } = locateTokenizer(request);
  if (kind === 'gguf') {
    return { definition: readGgufTokenizer(path), record: choice, notes: [] };
  }
  const files = readTokenizerFiles(path);
  const definition = resolveTokenizer(files, choice.asWritten);
  const difference = differenceFrom(definition, () => resolveTokenizer(files, !choice.asWritten));
  return { definition, record: choice, notes: difference ? [noteOf(difference, choice)] : [] };
}

function readGgufTokenizer(path: string): TokenizerDefinition {
  const file = openGguf(path);
  file.close();
  try {
    return ggufTokenizer(file.metadata);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${basename(path)}, with no ${TOKENIZER} beside it: ${error.message}`);
  }
}

/** No difference is known where the other reading is refused. */
function differenceFrom(
  chosen: TokenizerDefinition,
  readOther: () => TokenizerDefinition,
): TokenizerDifference | undefined {
  try {
    return tokenizerDifference(chosen, readOther());
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

function noteOf({ input, ids }: TokenizerDifference, { asWritten, evidence }: TokenizerChoice): string {
  const [chosen, other] = ids.map(listOf);
  const [version4, version5] = asWritten ? [chosen, other] : [other, chosen];
  return (
    `tokenizer: transformers 5 reads ${JSON.stringify(input)} as ${version5}, transformers 4, which takes ` +
    `${TOKENIZER} as written, as ${version4}; using that of transformers ${asWritten ? 4 : 5}, because ${evidence}; ` +
    '--tokenizer-as-written and --no-tokenizer-as-written choose (in a recipe: "tokenizerAsWritten")'
  );
}

function listOf(ids: Int32Array): string {
  return `[${ids.join(', ')}]`;
}
