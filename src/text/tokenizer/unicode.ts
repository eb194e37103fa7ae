// Makes up for the differences between JavaScript's Unicode tables and the older ones of the tokenizers library 0.23.3.
// The lists come from comparing the two on every code point, with Node 20.20, which has Unicode 17.

/** Code points and ranges that are new in Unicode 17. To Oniguruma 6.9, with Unicode 16, they have no category. */
const UNICODE_17 = `
  88f c5c cdc 1acf-1add 1ae0-1aeb 20c1 2b96 a7ce-a7cf a7d2 a7d4 a7f1 fbc3-fbd2 fd90-fd91 fdc8-fdce
  10940-10959 10ec5-10ec7 10ed0-10ed8 10efa-10efb 11b60-11b67 11db0-11ddb 11de0-11de9 16ea0-16eb8
  16ebb-16ed3 16ff2-16ff6 187f8-187ff 18d09-18d1e 18d80-18df2 1ccfa-1ccfc 1ceba-1ced0 1cee0-1cef0
  1e6c0-1e6de 1e6e0-1e6f5 1e6fe-1e6ff 1f6d8 1f777-1f77a 1f8d0-1f8d8 1fa54-1fa57 1fa8a 1fa8e 1fac8
  1facd 1faea 1faef 1fbfa 2b73a-2b73f 2cea2-2cead 323b0-33479`;

/**
 * Marks and composites that the library's tables for NFC and NFD, of about Unicode 9, do not have. The library treats
 * each as a letter that is neither reordered nor composed.
 */
const INERT = `
  7fd 897-89f 8ca-8d3 9fe c3c d3b-d3c eba 1715 1abf-1add 1ae0-1aeb 1df6-1dfa a82c 105c9 105d2 105da
  105e4 10d24-10d27 10d69-10d6d 10eab-10eac 10efa-10efb 10efd-10eff 10f46-10f50 10f82-10f85 11070
  1133b 11382-11385 1138b 1138e 11390-11391 113b8 113bb 113c2 113c5 113c7-113c9 113ce-113d0 1145e
  11839-1183a 11930 11935 11938 1193d-1193e 11943 119e0 11a34 11a47 11a99 11d42 11d44-11d45 11d97
  11f41-11f42 1611e-16129 1612f 16d63 16d67-16d6a 16ff0-16ff1 1e08f 1e130-1e136 1e2ae 1e2ec-1e2ef
  1e4ec-1e4ef 1e5ee-1e5ef 1e6e3 1e6e6 1e6ee-1e6ef 1e6f5`;

/** The characters for which the same holds in NFKC and NFKD only. */
const INERT_COMPATIBLE = `
  32ff a7f1-a7f4 ab69 10781-10785 10787-107b0 107b2-107ba 1ccd6-1ccf9 1e030-1e06d 1f16c 1fbf0-1fbf9`;

const UNASSIGNED = new RegExp(`[${classOf(UNICODE_17)}]`, 'gu');

/**
 * A text of the same length for matching by category: every character whose category differs in Unicode 16 is
 * replaced by one that still has the old category.
 */
export function asUnicode16(text: string): string {
  if (!/[\u0295\u088f-\uffff]/.test(text)) return text;
  return (
    text
      // U+0295 moved from \p{Ll} to \p{Lo} in Unicode 17. U+0296 did not.
      .replaceAll('ʕ', 'ʖ')
      .replace(UNASSIGNED, character => (character.length === 1 ? '\ufdd0' : '\u{1fffe}'))
  );
}

/** The end of the character that begins at `start`, in UTF-16 units. */
export function endOfCharacter(text: string, start: number): number {
  return start + (text.codePointAt(start)! > 0xffff ? 2 : 1);
}

/** The start of the character that ends at `end`, in UTF-16 units. */
export function lastCharacter(text: string, end: number): number {
  const start = end - 2;
  return start >= 0 && endOfCharacter(text, start) === end ? start : end - 1;
}

const CANONICAL = new RegExp(`[^${classOf(INERT)}]+`, 'gu');
const COMPATIBLE = new RegExp(`[^${classOf(INERT)}${classOf(INERT_COMPATIBLE)}]+`, 'gu');

export type UnicodeForm = 'NFC' | 'NFD' | 'NFKC' | 'NFKD';

/** Finds the runs of a text that the library's tables normalize. */
export const RUNS: Readonly<Record<UnicodeForm, RegExp>> = {
  NFC: CANONICAL,
  NFD: CANONICAL,
  NFKC: COMPATIBLE,
  NFKD: COMPATIBLE,
};

/** The Unicode normalization of a text, as the library's tables give it. */
export function normalizeUnicode(text: string, form: UnicodeForm): string {
  if (/^[\0-\x7f]*$/.test(text)) return text;
  return text.replace(RUNS[form], run => run.normalize(form));
}

/** The inside of a character class, from hexadecimal code points and ranges. */
function classOf(ranges: string): string {
  return ranges.replace(/[0-9a-f]+/g, '\\u{$&}').replace(/\s+/g, '');
}
