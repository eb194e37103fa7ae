// The pieces that a tokenizer.json's pre_tokenizer cuts a text into; the model sees each on its own.

import { type Component, unsupported } from './json.js';
import { compilePattern, literal, type Pattern } from './regex.js';

/** Cuts a text; `isStart` says whether it begins where the user's text, or word, begins. */
export type Split = (text: string, isStart: boolean) => readonly string[];

export interface PreTokenizer {
  readonly split: Split;
  /** The pieces' UTF-8 bytes are still to be written as ByteLevel writes them: left to the model, which remembers. */
  readonly writesBytes: boolean;
}

/** GPT-2's pattern, which ByteLevel splits by. */
const GPT2_PATTERN = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;

/** Throws UserError naming a pre-tokenizer that would not do here what it does in the Rust library. */
export function compilePreTokenizer(preTokenizer: Component | null | undefined): PreTokenizer {
  const steps = stepsOf(preTokenizer);
  const cuts = steps.map((step, position) => compileStep(step, position));
  const writesBytes = steps.at(-1)?.type === 'ByteLevel';
  if (steps.slice(0, -1).some(({ type }) => type === 'ByteLevel')) {
    throw unsupported('pre_tokenizer', 'ByteLevel before another step');
  }
  const split: Split = (text, isStart) =>
    cuts.reduce<readonly string[]>((pieces, cut) => pieces.flatMap(piece => cut(piece, isStart)), [text]);
  return { split: cuts.length === 1 ? cuts[0]! : split, writesBytes };
}

function stepsOf(preTokenizer: Component | null | undefined): Component[] {
  if (!preTokenizer) return [];
  if (preTokenizer.type !== 'Sequence') return [preTokenizer];
  return (preTokenizer.pretokenizers as Component[]).flatMap(stepsOf);
}

function compileStep(step: Component, position: number): Split {
  switch (step.type) {
    case 'Split':
      return cut(compilePattern('pre_tokenizer', step.pattern), String(step.behavior), step.invert === true);
    case 'Digits':
      // Rust's char::is_numeric is \p{N}: ½, ² and ١ count
      return cut(
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
  const cutWords: Split =
    use_regex === false
      ? piece => [piece]
      : cut(compilePattern('pre_tokenizer', { Regex: GPT2_PATTERN }), 'Isolated');
  if (!add_prefix_space) return cutWords;
  return (piece, isStart) => cutWords(piece.startsWith(' ') ? piece : ` ${piece}`, isStart);
}

function compileMetaspace(step: Component, position: number): Split {
  const mark = String(step.replacement);
  const scheme = step.add_prefix_space === false ? 'never' : (step.prepend_scheme ?? 'always');
  if (!['always', 'first', 'never'].includes(scheme as string)) {
    throw unsupported('pre_tokenizer', `Metaspace with prepend_scheme ${scheme}`);
  }
  if (scheme === 'first' && position > 0)
    throw unsupported('pre_tokenizer', 'Metaspace (first) behind a step');
  const cutWords: Split = step.split === false ? piece => [piece] : cut(literal(mark), 'MergedWithNext');
  return (piece, isStart) => {
    const marked = piece.replaceAll(' ', mark);
    const isPrepended = (scheme === 'always' || (scheme === 'first' && isStart)) && !marked.startsWith(mark);
    return cutWords(isPrepended ? mark + marked : marked, isStart);
  };
}

/** A stretch of the text, [start, end), and whether the pattern matched it. */
interface Stretch {
  start: number;
  end: number;
  isMatch: boolean;
}

/** The library's SplitDelimiterBehavior: what becomes of the matches, and of what lies between. */
function cut({ regex, view }: Pattern, behavior: string, isInverted = false): Split {
  const join = JOINS[behavior];
  if (!join) throw unsupported('pre_tokenizer', `Split with behavior ${behavior}`);
  return text => {
    const viewed = view(text);
    if (behavior === 'Isolated' && viewed === text) {
      // most patterns match all of the text: nothing lies between
      const pieces = text.match(regex);
      if (pieces && lengthOf(pieces) === text.length) return pieces;
    }
    const stretches = stretchesOf(viewed, regex, isInverted);
    return join(stretches).map(({ start, end }) => text.slice(start, end));
  };
}

function lengthOf(pieces: readonly string[]): number {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  return length;
}

function stretchesOf(text: string, regex: RegExp, isInverted: boolean): Stretch[] {
  const stretches: Stretch[] = [];
  let end = 0;
  for (const match of text.matchAll(regex)) {
    const start = match.index;
    if (start > end) stretches.push({ start: end, end: start, isMatch: isInverted });
    end = start + match[0].length;
    if (end > start) stretches.push({ start, end, isMatch: !isInverted });
  }
  if (end < text.length) stretches.push({ start: end, end: text.length, isMatch: isInverted });
  return stretches;
}

const JOINS: Readonly<Record<string, (stretches: Stretch[]) => Stretch[]>> = {
  Isolated: stretches => stretches,
  Removed: stretches => stretches.filter(({ isMatch }) => !isMatch),
  Contiguous: stretches => joinPairs(stretches, (left, right) => left.isMatch === right.isMatch),
  MergedWithPrevious: stretches => joinPairs(stretches, (left, right) => !left.isMatch && right.isMatch),
  MergedWithNext: stretches => joinPairs(stretches, (left, right) => left.isMatch && !right.isMatch),
};

/** Joins neighbours where the rule says so of the two as they were matched. */
function joinPairs(stretches: Stretch[], belong: (left: Stretch, right: Stretch) => boolean): Stretch[] {
  return stretches.reduce<Stretch[]>((joined, stretch, i) => {
    const previous = stretches[i - 1];
    if (previous && belong(previous, stretch)) joined.at(-1)!.end = stretch.end;
    else joined.push({ ...stretch });
    return joined;
  }, []);
}
