// The regular expression that finds the next word of a text.

/** Scripts that put no space between words. */
const UNSPACED =
  '\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}ー\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmer}\\p{sc=Myanmar}';
/** Combining marks. */
const MARKS = '\\p{M}';
/** A letter, digit or mark of a script that does put spaces between words. */
const CHARACTER = `(?:(?![${UNSPACED}])[\\p{L}\\p{N}${MARKS}])`;
/** White space, and control characters. Other invisible characters are not in the text (ignored.ts). */
const SPACE = '\\s\\p{Cc}\\u200b';

/**
 * Bound on the repetitions of one part of a word. The regular expression engine keeps a stack entry for each
 * repetition, and its stack overflows after millions of them.
 */
const MAX_REPETITIONS = 4096;

/** A character of a URL: any but spaces, brackets, quotes, and the scripts that may follow a URL without a space. */
const URL_CHARACTER = `[^${SPACE}<>"()${UNSPACED}\\u3000-\\u303f\\uff00-\\uffef]`;

/** Punctuation that may stand between two characters of one word. */
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
  // example.com  No.2  24.SEP.96, but not where a sentence starts: end.The
  `(?<=[\\p{L}\\p{N}${MARKS}])\\.(?=[\\p{Ll}\\p{N}]|\\p{Lu}{2})`,
].join('|');

/** Matches one word. The first alternative that matches at a position decides; the name of its group is the kind. */
export const WORD = new RegExp(
  [
    // https://a.org/b_(c)  www.a.org  a.org/b. The bounds keep the search linear.
    '(?<url>(?:[A-Za-z][A-Za-z0-9+.-]{1,20}://|www\\.|(?:[A-Za-z0-9-]{1,63}\\.){1,5}[a-z]{2,24}/)' +
      `(?:${URL_CHARACTER}|\\(${URL_CHARACTER}{0,256}\\)){1,${MAX_REPETITIONS}}(?<![.,;:!?…'’”»\\]}]))`,
    // The bounds are those of RFC 5321 and of domain names.
    `(?<mail>(?:${CHARACTER}|[._%+-]){1,64}@(?:${CHARACTER}|-){1,63}(?:\\.(?:${CHARACTER}|-){1,63}){1,127})`,
    // @name  #tag
    `(?<handle>[@#][\\p{L}\\p{N}${MARKS}_]{1,${MAX_REPETITIONS}})`,
    // US$ C$ HK$
    '(?<currency>\\p{Lu}{1,3}\\$(?!\\p{L}))',
    // 's after a character that is not a letter: U.S.'s  1990's  "Emma"'s
    "(?<clitic>['’](?:[smdSMD]|re|ve|ll|RE|VE|LL)(?![-'’\\p{L}\\p{N}]))",
    `(?<unspaced>[${UNSPACED}][${UNSPACED}${MARKS}]{0,${MAX_REPETITIONS}})`,
    // A sign or a leading point belongs to its number: +44  -0.5  .500
    `(?<plain>(?:(?<![\\p{L}\\p{N}])[-+]?\\.?(?=\\p{N}))?${CHARACTER}{1,${MAX_REPETITIONS}}` +
      `(?:(?:${JOINER})${CHARACTER}{1,${MAX_REPETITIONS}}){0,256}` +
      // A hanging hyphen: two- to three-year
      '(?:-(?=,|\\s(?:and|or|to)\\s))?)',
    // ... -- *** !!!
    `(?<run>(?<repeated>[-.*=_~#+!?\`'…—])\\k<repeated>{1,${MAX_REPETITIONS}})`,
    `(?<other>[^${SPACE}][${MARKS}]{0,${MAX_REPETITIONS}})`,
  ].join('|'),
  'gsu',
);
