// Decides whether a point belongs to the abbreviation before it or ends a sentence.

/** U.S  a.m  Ph.D  Iraq-U.N  5p.m */
const DOTTED = /(?:^|[-‐‑\p{N}])(?:\p{L}{1,2}\.)+\p{L}$/u;
const INITIAL = /^\p{Lu}$/u;
/**
 * Titles, company forms, places and months. They count only when capitalised, because in lower case many of them are
 * ordinary words: ill, mass, miss.
 */
const CAPITALISED = new Set(
  (
    'mr mrs ms dr prof rev hon gen col maj capt lt sgt cpl adm cmdr gov sen rep pres supt st mt ft jr sr ' +
    'inc corp co ltd bros dept univ assn intl ' +
    'jan feb mar apr jun jul aug sep sept oct nov dec ' +
    'ala ariz ark calif colo conn del fla ga ill ind kan ky la md mass mich minn miss mo mont neb nev okla ore pa ' +
    'tenn tex va vt wash wis wyo'
  ).split(' '),
);
const ANY_CASE = new Set(['plc', 'vs', 'etc']);
/** The last point of a text or paragraph. CoNLL-2003 splits it off even after Inc or Calif. */
const LAST_POINT = /\.(?:[\s"'”’»)\]]*$|["'”’»)\]]*[^\S\n]*\n[^\S\n]*\n)/y;

/** Whether the point at UTF-16 position `point` of the text belongs to `word`, which ends there. */
export function isAbbreviation(word: string, text: string, point: number): boolean {
  if (DOTTED.test(word)) return true;
  // A number at the start of a line may number it: "1. ".
  if (/^\d{1,2}$/.test(word))
    return isLineStart(text, point - word.length) && /[^\S\n]/.test(text[point + 1] ?? '');
  // "No. 1" has an abbreviation, the answer "No." has not.
  if (/^nos?$/iu.test(word)) return /^\s*\d/u.test(text.slice(point + 1, point + 4));
  const isListed =
    INITIAL.test(word) ||
    (/^\p{Lu}/u.test(word) && CAPITALISED.has(word.toLowerCase())) ||
    ANY_CASE.has(word.toLowerCase());
  LAST_POINT.lastIndex = point;
  return isListed && !LAST_POINT.test(text);
}

function isLineStart(text: string, index: number): boolean {
  return index === 0 || text[index - 1] === '\n';
}
