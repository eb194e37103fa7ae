// Raw text to words, split the way the taggers' training data is: CoNLL-2003, itself close to the Penn Treebank's.
// https://aclanthology.org/W03-0419, https://catalog.ldc.upenn.edu/docs/LDC99T42/tokenizer.html

/** Where a word stands in its text, in UTF-16 units; the end is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Scripts that put no space between words. */
const UNSPACED =
  '\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}ー\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmer}\\p{sc=Myanmar}';
/** Marks and the invisible letters that stand inside words. */
const MARKS = '\\p{M}\\u200c\\u200d\\u00ad';
const CHARACTER = `(?:(?![${UNSPACED}])[\\p{L}\\p{N}${MARKS}])`;
/** White space, control characters, and format characters that show nothing. */
const SPACE = '\\s\\p{Cc}\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060-\\u206f\\ufeff';

/** The most repetitions of one piece: the regex engine has a stack entry for each, and overflows by the million. */
const MOST = 4096;

/** An address's characters: those of a URI, and letters, but not the writing that may follow it without a space. */
const ADDRESS = `[^${SPACE}<>"()${UNSPACED}\\u3000-\\u303f\\uff00-\\uffef]`;

/** What may stand between two characters of one word. */
const JOINER = [
  // 1,234.5  10:30
  '(?<=\\p{N})[.,:](?=\\p{N})',
  // 1/2  08/26/96  1996/97, but two prices are two words: 52.75/53.50
  '(?<=(?<![.,\\p{N}])\\p{N}{1,4})/(?=\\p{N}{1,4}(?![.,]?\\p{N}))',
  // Rolls-Royce  6-4  snake_case
  `(?<=[\\p{L}\\p{N}${MARKS}])[-‐‑_](?=[\\p{L}\\p{N}])`,
  // O'Brien  AT&T  col·lecció
  `(?<=[\\p{L}${MARKS}])['’&·](?=\\p{L})`,
  // U.S  a.m  Ph.D
  '(?<=(?<![\\p{L}\\p{N}])\\p{L})\\.(?=\\p{L})|(?<=Ph)\\.(?=D)',
  // U.N.-led  Calif.-based
  `(?<=[\\p{L}${MARKS}])\\.[-‐‑](?=\\p{L})`,
  // example.com  No.2  24.SEP.96, but no sentence's start: end.The
  `(?<=[\\p{L}\\p{N}${MARKS}])\\.(?=[\\p{Ll}\\p{N}]|\\p{Lu}{2})`,
].join('|');

/** The first that matches at a place is the word there. */
const WORD = new RegExp(
  [
    // https://a.org/b_(c)  www.a.org  a.org/b; the bounds keep the search linear
    '(?<url>(?:[A-Za-z][A-Za-z0-9+.-]{1,20}://|www\\.|(?:[A-Za-z0-9-]{1,63}\\.){1,5}[a-z]{2,24}/)' +
      `(?:${ADDRESS}|\\(${ADDRESS}{0,256}\\)){1,${MOST}}(?<![.,;:!?…'’”»\\]}]))`,
    // The bounds are those of RFC 5321 and of domain names.
    `(?<mail>(?:${CHARACTER}|[._%+-]){1,64}@(?:${CHARACTER}|-){1,63}(?:\\.(?:${CHARACTER}|-){1,63}){1,127})`,
    `(?<handle>[@#][\\p{L}\\p{N}${MARKS}_]{1,${MOST}})`,
    // US$ C$ HK$
    '(?<currency>\\p{Lu}{1,3}\\$(?!\\p{L}))',
    // 's after what is no letter: U.S.'s  1990's  "Emma"'s
    "(?<clitic>['’](?:[smdSMD]|re|ve|ll|RE|VE|LL)(?![-'’\\p{L}\\p{N}]))",
    `(?<unspaced>[${UNSPACED}][${UNSPACED}${MARKS}]{0,${MOST}})`,
    // A sign or a leading point belongs to its number: +44  -0.5  .500
    `(?<plain>(?:(?<![\\p{L}\\p{N}])[-+]?\\.?(?=\\p{N}))?${CHARACTER}{1,${MOST}}(?:(?:${JOINER})${CHARACTER}{1,${MOST}}){0,256}` +
      // The hyphen of two- to three-year
      '(?:-(?=,|\\s(?:and|or|to)\\s))?)',
    // ... -- *** !!!
    `(?<run>(?<repeated>[-.*=_~#+!?\`'…—])\\k<repeated>{1,${MOST}})`,
    `(?<other>[^${SPACE}][${MARKS}]{0,${MOST}})`,
  ].join('|'),
  'gsu',
);

/** Contractions are words of their own: do|n't  it|'s  they|'re */
const CONTRACTION = /(?:n['’]t|['’](?:s|re|ve|ll|m|d))$/iu;
/** U.S  a.m  Ph.D  Iraq-U.N  5p.m */
const DOTTED = /(?:^|[-‐‑\p{N}])(?:\p{L}{1,2}\.)+\p{L}$/u;
const INITIAL = /^\p{Lu}$/u;
/** Written with a capital: titles, company forms, places, months. In small letters many are words: ill, mass, miss. */
const ABBREVIATIONS = new Set(
  (
    'mr mrs ms dr prof rev hon gen col maj capt lt sgt cpl adm cmdr gov sen rep pres supt st mt ft jr sr ' +
    'inc corp co ltd bros dept univ assn intl ' +
    'jan feb mar apr jun jul aug sep sept oct nov dec ' +
    'ala ariz ark calif colo conn del fla ga ill ind kan ky la md mass mich minn miss mo mont neb nev okla ore pa ' +
    'tenn tex va vt wash wis wyo'
  ).split(' '),
);
const ANY_CASE_ABBREVIATIONS = new Set(['plc', 'vs', 'etc']);
/** The last point of a text or paragraph, which CoNLL-2003 sets apart even after Inc or Calif. */
const LAST_POINT = /\.(?:[\s"'”’»)\]]*$|["'”’»)\]]*[^\S\n]*\n[^\S\n]*\n)/y;

const unspacedWords = new Intl.Segmenter('en', { granularity: 'word' });
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** What a grapheme of more than one word has in it: marks, Thai and Lao am, joiners, flags, prepended letters. */
const MAY_JOIN =
  /[\p{M}\u0e33\u0eb3\p{Cf}\p{Grapheme_Extend}\p{RI}\p{EMod}\p{sc=Malayalam}\u{11000}-\u{11fff}]/u;

/** Splits a text into words, in order; every character that is no space is in one, and no grapheme in two. */
export function splitWords(text: string): Span[] {
  const spans: Span[] = [];
  const add = (start: number, end: number) => spans.push({ start, end });
  const pattern = new RegExp(WORD);
  let wordEnds: Uint8Array | undefined;
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    const { index: start, groups = {} } = match;
    const end = pattern.lastIndex;
    if (groups.unspaced !== undefined) {
      wordEnds ??= segmentEnds(unspacedWords, text);
      let from = start;
      for (let at = start + 1; at <= end; at++) {
        if (at === end || wordEnds[at]) {
          add(from, at);
          from = at;
        }
      }
    } else if (groups.plain !== undefined) {
      pattern.lastIndex = addPlain(text, start, end, add);
    } else {
      add(start, end);
    }
  }
  return MAY_JOIN.test(text) ? joinGraphemes(text, spans) : spans;
}

/** Adds one word, its contraction apart and its abbreviation's point within; returns where the next may start. */
function addPlain(
  text: string,
  start: number,
  end: number,
  add: (start: number, end: number) => void,
): number {
  const word = text.slice(start, end);
  const contraction = CONTRACTION.exec(word);
  if (contraction && contraction.index > 0) {
    add(start, start + contraction.index);
    add(start + contraction.index, end);
    return end;
  }
  const pointed = text[end] === '.' && text[end + 1] !== '.' && isAbbreviation(word, text, end);
  add(start, pointed ? end + 1 : end);
  return pointed ? end + 1 : end;
}

/** Whether the point at `point` belongs to the word before it. */
function isAbbreviation(word: string, text: string, point: number): boolean {
  if (DOTTED.test(word)) return true;
  // 1. at the start of a line numbers it
  if (/^\d{1,2}$/.test(word))
    return isLineStart(text, point - word.length) && /[^\S\n]/.test(text[point + 1] ?? '');
  // No. 1, but: No.
  if (/^nos?$/iu.test(word)) return /^\s*\d/u.test(text.slice(point + 1, point + 4));
  const listed =
    INITIAL.test(word) ||
    (/^\p{Lu}/u.test(word) && ABBREVIATIONS.has(word.toLowerCase())) ||
    ANY_CASE_ABBREVIATIONS.has(word.toLowerCase());
  LAST_POINT.lastIndex = point;
  return listed && !LAST_POINT.test(text);
}

function isLineStart(text: string, index: number): boolean {
  return index === 0 || text[index - 1] === '\n';
}

/** Joins words that share a grapheme: emoji sequences, flags, marks on punctuation. */
function joinGraphemes(text: string, spans: readonly Span[]): Span[] {
  const ends = segmentEnds(graphemes, text);
  const joined: Span[] = [];
  for (const span of spans) {
    const last = joined.at(-1);
    if (last && last.end === span.start && !ends[span.start])
      joined[joined.length - 1] = { start: last.start, end: span.end };
    else joined.push(span);
  }
  return joined;
}

/** UTF-16 units segmented at once: the platform's segmenter takes time by the square of the text's length. */
const PIECE = 256;

/** Marks where segments of a text end; a piece's last quarter, which its cut may have bent, is found again in the next. */
function segmentEnds(segmenter: Intl.Segmenter, text: string): Uint8Array {
  const ends = new Uint8Array(text.length + 1);
  let size = PIECE;
  for (let at = 0; at < text.length; ) {
    const sure = at + size < text.length ? size * 0.75 : size;
    let end = 0;
    for (const { index, segment } of segmenter.segment(text.slice(at, at + size))) {
      if (index + segment.length > sure) break;
      end = index + segment.length;
      ends[at + end] = 1;
    }
    at += end;
    // A segment longer than the piece needs a longer piece.
    size = end > 0 ? PIECE : size * 2;
  }
  return ends;
}
