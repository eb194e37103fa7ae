// Splitting raw text: the training data's conventions, exact coverage of any string, linear time.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitWords } from '../../src/text/words.js';

const split = (text: string) =>
  splitWords(text)
    .map(({ start, end }) => text.slice(start, end))
    .join('|');

describe('splitWords', () => {
  it.each([
    ['sentence ends', 'He left. She stayed!', 'He|left|.|She|stayed|!'],
    [
      'initials and abbreviations',
      'Mr. J. R. Ewing of Ewing Oil Inc. met U.S. envoys, etc.',
      'Mr.|J.|R.|Ewing|of|Ewing|Oil|Inc.|met|U.S.|envoys|,|etc.',
    ],
    ['numbered lines', '1. Anna\n2. Ben, aged 12. Then', '1.|Anna|2.|Ben|,|aged|12|.|Then'],
    [
      'contractions',
      "It's Ann's; they don't, can't, we're, I’ve",
      "It|'s|Ann|'s|;|they|do|n't|,|ca|n't|,|we|'re|,|I|’ve",
    ],
    ['possessive plurals', "the players' coach", "the|players|'|coach"],
    ['names with apostrophes', "O'Brien and d'Artagnan", "O'Brien|and|d'Artagnan"],
    [
      'hyphens',
      'a German-born, U.N.-backed vice-president -- 6-4, 7-5',
      'a|German-born|,|U.N.-backed|vice-president|--|6-4|,|7-5',
    ],
    ['dashes', 'Paris—the capital – is big', 'Paris|—|the|capital|–|is|big'],
    [
      'numbers',
      '1,234.5 on 1996-08-22 at 10:30, up 3/4 or .500 or -0.5',
      '1,234.5|on|1996-08-22|at|10:30|,|up|3/4|or|.500|or|-0.5',
    ],
    ['currency and percent', '$100, US$5.50, €3, C$2 (12.5%)', '$|100|,|US$|5.50|,|€|3|,|C$|2|(|12.5|%|)'],
    [
      'quotes',
      '"Yes," he said, ‘no’ «oui» “ja” ``x\'\'',
      '"|Yes|,|"|he|said|,|‘|no|’|«|oui|»|“|ja|”|``|x|\'\'',
    ],
    [
      'addresses',
      'See https://a.org/b?c=d, www.x.com. Mail me@x.co.uk! @you #ner',
      'See|https://a.org/b?c=d|,|www.x.com|.|Mail|me@x.co.uk|!|@you|#ner',
    ],
    ['ampersands, slashes, dots', 'AT&T and/or example.com ... wait', 'AT&T|and|/|or|example.com|...|wait'],
    ['Chinese among Latin', '在Tokyo的2024年', '在|Tokyo|的|2024|年'],
    ['Japanese', '東京タワーへ', '東京タワー|へ'],
    ['Thai', 'ไปเที่ยวกรุงเทพ', 'ไป|เที่ยว|กรุงเทพ'],
    ['Arabic and Hebrew', 'زار محمد القاهرة. שלום', 'زار|محمد|القاهرة|.|שלום'],
    ['emoji', 'hi👩‍👩‍👧 🇩🇪🇫🇷 👍🏽!', 'hi|👩‍👩‍👧|🇩🇪|🇫🇷|👍🏽|!'],
    ['combining marks', 'cafe\u0301 e\u0301 !\u0301', 'cafe\u0301|e\u0301|!\u0301'],
    ['nothing', ' \t\n\u00a0\u200b\ufeff\u0000', ''],
  ])('%s', (_, text, words) => {
    expect(split(text)).toBe(words);
  });

  it('covers every character that is no space, once, in order', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme' }),
      fc
        .array(
          fc.constantFrom(
            'a',
            '.',
            "'",
            '-',
            ' ',
            '日',
            'é',
            '👩‍👧',
            '\ud800',
            '1',
            '@',
            'n’t',
            '\u0301',
            '$',
          ),
        )
        .map(parts => parts.join('')),
    );
    fc.assert(
      fc.property(text, source => {
        let end = 0;
        for (const span of splitWords(source)) {
          expect(span.start).toBeGreaterThanOrEqual(end);
          expect(span.end).toBeGreaterThan(span.start);
          expect(source.slice(end, span.start)).toMatch(/^[\s\p{Cc}\p{Cf}]*$/u);
          end = span.end;
        }
        expect(source.slice(end)).toMatch(/^[\s\p{Cc}\p{Cf}]*$/u);
      }),
      { numRuns: 500 },
    );
  });

  it('splits no grapheme', () => {
    const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), source => {
        const starts = new Set(
          [...segmenter.segment(source)].map(({ index }) => index).concat(source.length),
        );
        for (const { start, end } of splitWords(source)) {
          // A mark on a space is a grapheme with it, and a word without it.
          if (!/\s/.test(source[start - 1] ?? '')) expect(starts.has(start)).toBe(true);
          expect(starts.has(end)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  // By the square of the length these would take minutes.
  it.each([
    'a',
    'a.',
    'A.',
    "'",
    '-',
    '$',
    '@',
    'é',
    '日',
    '日本語',
    '👩‍',
    '🇩🇪',
    'http://',
    "n't",
    '1,',
    '中a',
  ])('takes a long run of %j', unit => {
    const text = unit.repeat(300_000 / unit.length);
    expect(splitWords(text).at(-1)!.end).toBeGreaterThan(text.length - 4);
  });
});
