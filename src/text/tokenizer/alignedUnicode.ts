// Which character of a text each character of its Unicode normalization comes from. The tokenizers library counts, for
// each character that it writes, how many characters of the text it has read: a composed character comes from its base,
// and where marks change places the sources do not.
// Follows the crate unicode-normalization-alignments 0.1, which is Unicode's own algorithm with these counts:
// https://www.unicode.org/reports/tr15/#Description_Norm

import { memoize } from './memoize.js';
import { RUNS, type UnicodeForm } from './unicode.js';

/** A character of the normalized text, and how many more characters of the text than written ones have been read. */
interface Written {
  readonly character: string;
  /** 1 for a character that is added, 0 for one that stands for one of the text, -n for one that stands for n + 1. */
  readonly change: number;
}

/** A stretch that may change: text that is not ASCII, and the character before it, which may compose with it. */
const CHANGEABLE = /[\0-\x7f]?[^\0-\x7f]+/gu;

/** The sources of the units of `normalized`, which is `text` in `form`. */
export function unicodeSources(text: string, normalized: string, form: UnicodeForm): Int32Array | null {
  if (normalized === text) return null;
  const sources = new Int32Array(normalized.length);
  let from = 0;
  let to = 0;
  for (const { 0: stretch, index } of text.matchAll(CHANGEABLE)) {
    for (const match of stretch.matchAll(RUNS[form])) {
      const [run] = match;
      if (run.normalize(form) === run) continue;
      const start = index + match.index;
      while (from < start) sources[to++] = from++;
      for (const [character, source] of sourcesOfRun(run, form)) {
        sources.fill(start + source, to, to + character.length);
        to += character.length;
      }
      from = start + run.length;
    }
  }
  while (to < sources.length) sources[to++] = from++;
  return sources;
}

/** Each character of a normalized run, and the position in the run of the character that it comes from. */
function* sourcesOfRun(run: string, form: UnicodeForm): Generator<[character: string, source: number]> {
  const positions: number[] = [];
  for (let position = 0; position < run.length; position += run.codePointAt(position)! > 0xffff ? 2 : 1)
    positions.push(position);
  const decomposed = decompose(run, form.startsWith('NFK') ? 'NFKD' : 'NFD');
  let read = 0;
  for (const { character, change } of form.endsWith('C') ? compose(decomposed) : decomposed) {
    // An added character comes from the one that was read last.
    yield [character, positions[change > 0 ? read - 1 : read]!];
    if (change <= 0) read += 1 - change;
  }
}

/** The decomposed run, its combining marks in canonical order. */
function decompose(run: string, form: UnicodeForm): Written[] {
  const decomposed: Written[] = [];
  let marks: Written[] = [];
  for (const whole of run) {
    for (const [i, character] of [...whole.normalize(form)].entries()) {
      const written = { character, change: i === 0 ? 0 : 1 };
      if (isStarter(character)) {
        for (const mark of inCanonicalOrder(marks)) decomposed.push(mark);
        marks = [];
        decomposed.push(written);
      } else marks.push(written);
    }
  }
  for (const mark of inCanonicalOrder(marks)) decomposed.push(mark);
  return decomposed;
}

/** A stable sort by combining class, which JavaScript knows only as the order in which it normalizes marks. */
function inCanonicalOrder(marks: readonly Written[]): readonly Written[] {
  if (marks.length < 2) return marks;
  const queues = new Map<string, Written[]>();
  for (const mark of marks.toReversed()) {
    const queue = queues.get(mark.character);
    if (queue) queue.push(mark);
    else queues.set(mark.character, [mark]);
  }
  const characters = marks.map(({ character }) => character);
  return Array.from(characters.join('').normalize('NFD'), character => queues.get(character)!.pop()!);
}

/** Composes each starter with the characters after it that nothing blocks. */
function* compose(decomposed: readonly Written[]): Generator<Written> {
  let starter: Written | undefined;
  /** The marks after the starter that did not compose with it. */
  let marks: Written[] = [];
  for (const written of decomposed) {
    const { character, change } = written;
    const lastMark = marks.at(-1)?.character;
    const isBlocked = lastMark !== undefined && (isStarter(character) || haveSameClass(lastMark, character));
    const composed = starter && !isBlocked ? composite(starter.character + character) : undefined;
    if (starter && composed) starter = { character: composed, change: starter.change + change - 1 };
    else if (isStarter(character)) {
      if (starter) yield starter;
      yield* marks;
      starter = written;
      marks = [];
    } else if (starter) marks.push(written);
    else yield written;
  }
  if (starter) yield starter;
  yield* marks;
}

/** The one character that two compose to, if they do. */
function composite(pair: string): string | undefined {
  const composed = pair.normalize('NFC');
  return composed.length === (composed.codePointAt(0)! > 0xffff ? 2 : 1) ? composed : undefined;
}

/** The mark of the highest combining class, which is alone in it. Every other mark is moved before it. */
const LAST_MARK = '\u0345';

/** Whether a decomposed character has the combining class 0. */
const isStarter = memoize(
  (character: string) =>
    character < '\u0300' ||
    (character !== LAST_MARK && (LAST_MARK + character).normalize('NFD') === LAST_MARK + character),
);

/** Whether two marks, which are in canonical order, have the same combining class. */
function haveSameClass(first: string, second: string): boolean {
  return (second + first).normalize('NFD') === second + first;
}
