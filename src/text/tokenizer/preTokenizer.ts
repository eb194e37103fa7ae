// The pre-tokenizer of a tokenizer.json: cuts a text into the pieces that the model encodes one by one.

import { GPT2_PATTERN } from './components.js';
import { type Cut, compileCut } from './cut.js';
import { type Component, unsupported } from './json.js';
import { compilePattern, literal } from './regex.js';

/** Cuts a text into pieces. `isStart` says whether it begins where the user's text, or word, begins. */
export type Split = (text: string, isStart: boolean) => readonly string[];

/** A piece of a text and where it stands in it. */
export interface Piece {
  readonly text: string;
  /** The position in the text, in UTF-16 units, of the piece's first character that is not inserted. */
  readonly start: number;
  /** How many characters, of one UTF-16 unit each, are inserted before the piece. */
  readonly inserted: number;
}

export interface PreTokenizer {
  readonly split: Split;
  /** Finds the pieces that `split` makes one by one, with their positions. */
  pieces(text: string, isStart: boolean): Iterable<Piece>;
  /**
   * Whether the pieces are to be written in the byte-level alphabet. The pre-tokenizer leaves that to the model, which
   * caches its results.
   */
  readonly isByteLevel: boolean;
}

/** One step of a pre-tokenizer: it writes a text anew, and cuts what it wrote. */
interface Step {
  /** May insert one character before the text, and replace characters by others of the same length. */
  readonly write?: (text: string, isStart: boolean) => string;
  readonly cut?: Cut;
}

/**
 * Compiles a pre-tokenizer. Throws UserError naming one that would not do the same here as in the tokenizers library.
 */
export function compilePreTokenizer(preTokenizer: Component | null | undefined): PreTokenizer {
  const components = stepsOf(preTokenizer);
  const steps = components.map(compileStep);
  const isByteLevel = components.at(-1)?.type === 'ByteLevel';
  if (components.slice(0, -1).some(({ type }) => type === 'ByteLevel')) {
    throw unsupported('pre_tokenizer', 'ByteLevel before another step', 'ByteLevel as the last step');
  }
  const splits = steps.map(splitOf);
  const split: Split = (text, isStart) =>
    splits.reduce<readonly string[]>((pieces, step) => pieces.flatMap(piece => step(piece, isStart)), [text]);
  return {
    split: splits.length === 1 ? splits[0]! : split,
    pieces: (text, isStart) =>
      steps.reduce<Iterable<Piece>>(
        (pieces, step) => piecesOf(step, pieces, isStart),
        [{ text, start: 0, inserted: 0 }],
      ),
    isByteLevel,
  };
}

function splitOf({ write, cut }: Step): Split {
  if (!write) return text => cut?.pieces(text) ?? [text];
  if (!cut) return (text, isStart) => [write(text, isStart)];
  return (text, isStart) => cut.pieces(write(text, isStart));
}

/** What a step makes of pieces. */
function* piecesOf({ write, cut }: Step, pieces: Iterable<Piece>, isStart: boolean): Generator<Piece> {
  for (const piece of pieces) {
    const text = write ? write(piece.text, isStart) : piece.text;
    const inserted = piece.inserted + text.length - piece.text.length;
    if (!cut) yield { text, start: piece.start, inserted };
    else {
      for (const { start, end } of cut.stretches(text)) {
        yield {
          text: text.slice(start, end),
          start: piece.start + Math.max(0, start - inserted),
          inserted: Math.min(Math.max(0, inserted - start), end - start),
        };
      }
    }
  }
}

function stepsOf(preTokenizer: Component | null | undefined): Component[] {
  if (!preTokenizer) return [];
  if (preTokenizer.type !== 'Sequence') return [preTokenizer];
  return (preTokenizer.pretokenizers as Component[]).flatMap(stepsOf);
}

function compileStep(step: Component, position: number): Step {
  switch (step.type) {
    case 'Split': {
      const pattern = compilePattern('pre_tokenizer', step.pattern);
      return { cut: compileCut(pattern, String(step.behavior), step.invert === true) };
    }
    case 'Digits': {
      // Rust's char::is_numeric is \p{N}, which includes ½, ² and ١.
      const pattern = { regex: /\p{N}/gu, view: (text: string) => text };
      return { cut: compileCut(pattern, step.individual_digits ? 'Isolated' : 'Contiguous') };
    }
    case 'ByteLevel':
      return compileByteLevel(step);
    case 'Metaspace':
      return compileMetaspace(step, position);
    default:
      throw unsupported('pre_tokenizer', step.type);
  }
}

function compileByteLevel({ use_regex, add_prefix_space }: Component): Step {
  return {
    ...(add_prefix_space === true && { write: (text: string) => (text.startsWith(' ') ? text : ` ${text}`) }),
    ...(use_regex !== false && {
      cut: compileCut(compilePattern('pre_tokenizer', { Regex: GPT2_PATTERN }), 'Isolated'),
    }),
  };
}

function compileMetaspace(step: Component, position: number): Step {
  const mark = String(step.replacement);
  const scheme = step.add_prefix_space === false ? 'never' : (step.prepend_scheme ?? 'always');
  if (!['always', 'first', 'never'].includes(scheme as string)) {
    throw unsupported('pre_tokenizer', `Metaspace with prepend_scheme ${scheme}`);
  }
  if (scheme === 'first' && position > 0)
    throw unsupported('pre_tokenizer', 'Metaspace with prepend_scheme first after another step');
  // Positions of pieces count on a mark as long as a space.
  if (mark.length !== 1) throw unsupported('pre_tokenizer', `Metaspace with replacement ${mark}`);
  return {
    write(text, isStart) {
      const marked = text.replaceAll(' ', mark);
      const isPrepended =
        (scheme === 'always' || (scheme === 'first' && isStart)) && !marked.startsWith(mark);
      return isPrepended ? mark + marked : marked;
    },
    ...(step.split !== false && { cut: compileCut(literal('pre_tokenizer', mark), 'MergedWithNext') }),
  };
}
