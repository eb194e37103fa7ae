// The pre-tokenizer of a tokenizer.json: cuts a text into the pieces that the model encodes one by one.

import { GPT2_PATTERN } from './components.js';
import { compileCut } from './cut.js';
import { type Component, unsupported } from './json.js';
import { compilePattern, literal } from './regex.js';

/** Cuts a text into pieces. `isStart` says whether it begins where the user's text, or word, begins. */
export type Split = (text: string, isStart: boolean) => readonly string[];

export interface PreTokenizer {
  readonly split: Split;
  /**
   * Whether the pieces are to be written in the byte-level alphabet. The pre-tokenizer leaves that to the model, which
   * caches its results.
   */
  readonly isByteLevel: boolean;
}

/**
 * Compiles a pre-tokenizer. Throws UserError naming one that would not do the same here as in the tokenizers library.
 */
export function compilePreTokenizer(preTokenizer: Component | null | undefined): PreTokenizer {
  const steps = stepsOf(preTokenizer);
  const splits = steps.map((step, position) => compileStep(step, position));
  const isByteLevel = steps.at(-1)?.type === 'ByteLevel';
  if (steps.slice(0, -1).some(({ type }) => type === 'ByteLevel')) {
    throw unsupported('pre_tokenizer', 'ByteLevel before another step', 'ByteLevel as the last step');
  }
  const split: Split = (text, isStart) =>
    splits.reduce<readonly string[]>((pieces, step) => pieces.flatMap(piece => step(piece, isStart)), [text]);
  return { split: splits.length === 1 ? splits[0]! : split, isByteLevel };
}

function stepsOf(preTokenizer: Component | null | undefined): Component[] {
  if (!preTokenizer) return [];
  if (preTokenizer.type !== 'Sequence') return [preTokenizer];
  return (preTokenizer.pretokenizers as Component[]).flatMap(stepsOf);
}

function compileStep(step: Component, position: number): Split {
  switch (step.type) {
    case 'Split': {
      const pattern = compilePattern('pre_tokenizer', step.pattern);
      return compileCut(pattern, String(step.behavior), step.invert === true);
    }
    case 'Digits':
      // Rust's char::is_numeric is \p{N}, which includes ½, ² and ١.
      return compileCut(
        { regex: /\p{N}/gu, view: text => text },
        step.individual_digits ? 'Isolated' : 'Contiguous',
      );
    case 'ByteLevel':
      return compileByteLevel(step);
    case 'Metaspace':
      return compileMetaspace(step, position);
    default:
      throw unsupported('pre_tokenizer', step.type);
  }
}

function compileByteLevel({ use_regex, add_prefix_space }: Component): Split {
  const split: Split =
    use_regex === false
      ? piece => [piece]
      : compileCut(compilePattern('pre_tokenizer', { Regex: GPT2_PATTERN }), 'Isolated');
  if (!add_prefix_space) return split;
  return (piece, isStart) => split(piece.startsWith(' ') ? piece : ` ${piece}`, isStart);
}

function compileMetaspace(step: Component, position: number): Split {
  const mark = String(step.replacement);
  const scheme = step.add_prefix_space === false ? 'never' : (step.prepend_scheme ?? 'always');
  if (!['always', 'first', 'never'].includes(scheme as string)) {
    throw unsupported('pre_tokenizer', `Metaspace with prepend_scheme ${scheme}`);
  }
  if (scheme === 'first' && position > 0)
    throw unsupported('pre_tokenizer', 'Metaspace with prepend_scheme first after another step');
  const split: Split =
    step.split === false ? piece => [piece] : compileCut(literal('pre_tokenizer', mark), 'MergedWithNext');
  return (piece, isStart) => {
    const marked = piece.replaceAll(' ', mark);
    const isPrepended = (scheme === 'always' || (scheme === 'first' && isStart)) && !marked.startsWith(mark);
    return split(isPrepended ? mark + marked : marked, isStart);
  };
}
