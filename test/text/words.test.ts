// Splitting raw text into words: by the training data's conventions, covering any string exactly, in linear time.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitWords } from '../../dist/text/words.js';

const split = (text: string) =>
  splitWords(text)
    .map(({ start, end }) => text.slice(start, end))
    .join('|');

describe('splitWords', () => {
  it.each([
    ['sentence ends', 'He left. She stayed!', 'He|left|.|She|stayed|!'],
    [
      'initials and abbreviations',
      'Mr. J. R. Ewing, Ph.D., of Ewing Oil Inc. met U.S. envoys, e.g. at 5 p.m.',
      'Mr.|J.|R.|Ewing|,|Ph.D.|,|of|Ewing|Oil|Inc.|met|U.S.|envoys|,|e.g.|at|5|p.m.',
    ],
    ['words that look like abbreviations', 'He is ill. A mass. Miss Ore.', 'He|is|ill|.|A|mass|.|Miss|Ore|.'],
    [
      'the last point of a text and of a paragraph',
      'Ewing Oil Inc.\r\n\r\n"Bought by Acme\nCorp. of Waco, Tex."',
      'Ewing|Oil|Inc|.|"|Bought|by|Acme|Corp.|of|Waco|,|Tex|.|"',
    ],
    ['numbered lines', '1. Anna\n2. Ben, aged 12. Then', '1.|Anna|2.|Ben|,|aged|12|.|Then'],
    ['numbers after No.', 'No. 5 or No.6? No. In 1996. Then', 'No.|5|or|No.6|?|No|.|In|1996|.|Then'],
    [
      'contractions',
      "It's Ann's; they don't, can't, we're, I’ve",
      "It|'s|Ann|'s|;|they|do|n't|,|ca|n't|,|we|'re|,|I|’ve",
    ],
    [
      'possessives after a character that is not a letter',
      "U.S.'s “It”’s 1990's 'so'",
      "U.S.|'s|“|It|”|’s|1990|'s|'|so|'",
    ],
    ['possessive plurals', "the players' coach", "the|players|'|coach"],
    ['names with apostrophes', "O'Brien and d'Artagnan", "O'Brien|and|d'Artagnan"],
    [
      'hyphens',
      'a German-born, U.N.-backed vice-president -- 6-4, 7-5',
      'a|German-born|,|U.N.-backed|vice-president|--|6-4|,|7-5',
    ],
    [
      'hanging hyphens',
      'two-, three- to five-year, Oslo- based',
      'two-|,|three-|to|five-year|,|Oslo|-|based',
    ],
    ['dashes', 'Paris—the capital – is--was big', 'Paris|—|the|capital|–|is|--|was|big'],
    [
      'numbers',
      '1,234.5 on 1996-08-22 at 10:30, up 3/4 or .500 or -0.5',
      '1,234.5|on|1996-08-22|at|10:30|,|up|3/4|or|.500|or|-0.5',
    ],
    ['price pairs and dates', '52.75/53.50 on 08/26/96 or 3.SEP.96', '52.75|/|53.50|on|08/26/96|or|3.SEP.96'],
    [
      'currency and percent',
      '$100, US$5.50, €3, C$2 (12.5%), in HK$',
      '$|100|,|US$|5.50|,|€|3|,|C$|2|(|12.5|%|)|,|in|HK$',
    ],
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
    [
      'addresses in parentheses, with parentheses, without a scheme',
      '(http://a.org/b_(c)) HTTPS://A.ORG; a.co.uk/b.',
      '(|http://a.org/b_(c)|)|HTTPS://A.ORG|;|a.co.uk/b|.',
    ],
    ['missing spaces', 'the end.The start,then', 'the|end|.|The|start|,|then'],
    ['ampersands, slashes, dots', 'AT&T and/or example.com ... wait', 'AT&T|and|/|or|example.com|...|wait'],
    ['Chinese among Latin', '在Tokyo的2024年', '在|Tokyo|的|2024|年'],
    [
      'addresses in Chinese',
      '网站https://a.org/b。或写信给me@x.cn！谢谢……',
      '网站|https://a.org/b|。|或|写信|给|me@x.cn|！|谢谢|……',
    ],
    ['Japanese', '東京タワーへ', '東京タワー|へ'],
    ['Thai', 'ไปเที่ยวกรุงเทพ', 'ไป|เที่ยว|กรุงเทพ'],
    ['Khmer, Burmese, Lao', 'សួស្តីពិភពលោក မြန်မာ ລາວ', 'សួស្តី|ពិភពលោក|မြန်မာ|ລາວ'],
    ['Devanagari', '#हिन्दी में', '#हिन्दी|में'],
    ['Arabic and Hebrew', 'زار محمد القاهرة. שלום', 'زار|محمد|القاهرة|.|שלום'],
    ['emoji', 'hi👩‍👩‍👧 🇩🇪🇫🇷 👍🏽!', 'hi|👩‍👩‍👧|🇩🇪|🇫🇷|👍🏽|!'],
    ['combining marks', 'cafe\u0301 e\u0301 !\u0301', 'cafe\u0301|e\u0301|!\u0301'],
    ['white space and invisible characters', ' \t\n\u00a0\u200b\ufeff\u0000', ''],
    ['winkjs/wink-nlp issue 133: a word joiner', 'They main\u2060tain it', 'They|main\u2060tain|it'],
    ['fnl/syntok pull request 18: a zero width non-joiner', 'او می\u200cرود.', 'او|می\u200cرود|.'],
    [
      'UniversalDependencies/docs issue 1010: soft hyphens, and a zero width space',
      'co\u00adop\u00aderate con\u00ad front, a\u200bb',
      'co\u00adop\u00aderate|con\u00ad|front|,|a|b',
    ],
    [
      'byte order marks in, before and after words',
      '\ufeffAng\ufeffela\ufeff Mer\ufeff\ufeffkel\ufeff.',
      'Ang\ufeffela|Mer\ufeff\ufeffkel|.',
    ],
    [
      'invisible characters beside punctuation inside a word',
      'U.\u2060S. 1,\u2060234 well\u2060-\u2060known AT\ufeff&T do\u200dn\u00ad’t',
      'U.\u2060S.|1,\u2060234|well\u2060-\u2060known|AT\ufeff&T|do\u200d|n\u00ad’t',
    ],
    ['marks of direction', 'שלו\u200fם \u202bab\u200ec\u202c!', 'שלו\u200fם|ab\u200ec|!'],
    ['the flag of Scotland', 'to 🏴󠁧󠁢󠁳󠁣󠁴󠁿!', 'to|🏴󠁧󠁢󠁳󠁣󠁴󠁿|!'],
  ])('%s', (_, text, words) => {
    expect(split(text)).toBe(words);
  });

  it('covers every character that is not a space, once, in order', () => {
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

  it('finds the same words whatever invisible characters are put between the characters', () => {
    const texts = [
      'Mr. J. R. Ewing, Ph.D., of Ewing Oil Inc. met U.S. envoys, e.g. at 5 p.m.',
      "It's Ann's; they don't, two-, three- to five-year -- 52.75/53.50, US$5.50",
      'See https://a.org/b?c=d, www.x.com. Mail me@x.co.uk! @you #ner',
      '在Tokyo的2024年 ไปเที่ยวกรุงเทพ #हिन्दी शांति زار محمد القاهرة.',
    ];
    const ignored = ['\u00ad', '\u200c', '\u200d', '\u200e', '\u2060', '\u2064', '\ufeff', '\u061c'];
    const insertion = fc.tuple(fc.nat(90), fc.constantFrom(...ignored));
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.array(insertion, { maxLength: 30 }), (text, insertions) => {
        const characters = [...text];
        for (const [index, character] of insertions) characters.splice(index, 0, character);
        const found = split(characters.join('')).replace(new RegExp(`[${ignored.join('')}]`, 'g'), '');
        expect(found).toBe(split(text));
      }),
      { numRuns: 1000 },
    );
  });

  it('splits no grapheme', () => {
    const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
    const unit = fc.constantFrom(
      ...[
        'a',
        '1',
        '$',
        ' ',
        '日',
        'ก',
        'क',
        '\u094d',
        '\u0e33',
        '\u0301',
        '\u200d',
        '\ufe0f',
        '\u20e3',
        '\u0600',
        '\u0d4e',
        '\ufeff',
        '\u00ad',
      ],
      ...['🇩', '👩', '🏽', '\u{e0067}', '\u{111c2}', '\uff9e', '\u1100', '\u1161', '\ud800', "'s", '.', '-'],
    );
    const text = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: 'binary' }),
      fc.array(unit).map(parts => parts.join('')),
    );
    fc.assert(
      fc.property(text, source => {
        const starts = new Set([...segmenter.segment(source)].map(({ index }) => index));
        const words = splitWords(source);
        for (const [index, { start }] of words.entries()) {
          // Words with a space between them may share a grapheme: a mark on the space.
          if (words[index - 1]?.end === start) expect(starts.has(start)).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it.each(['\u0301', '\u200d👩'])('keeps a grapheme of any length whole: %j', mark => {
    expect(split(`(👩${mark.repeat(1000)})`)).toBe(`(|👩${mark.repeat(1000)}|)`);
  });

  it('splits a long text without spaces like its sentences', () => {
    const sentence = '我们昨天在北京大学学习中文。';
    expect(split(sentence.repeat(100))).toBe(Array(100).fill(split(sentence)).join('|'));
  });

  // In quadratic time these would take minutes.
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
    'a\u2060',
    'a\ufeff\u200d',
  ])('splits a long run of %j in linear time', unit => {
    const text = unit.repeat(300_000 / unit.length);
    expect(splitWords(text).at(-1)!.end).toBeGreaterThan(text.length - 4);
  });

  // The size of the largest request. Without a bound on repetitions the stack of the regular expression engine overflows.
  it.each(['a', '-', '\u0301', '#a', 'http://', 'http://(a', 'ab.cd', '1,', 'a\ufeff'])(
    'splits 8 MiB of %j',
    unit => {
      const text = unit.repeat(2 ** 23 / unit.length);
      expect(splitWords(text).at(-1)!.end).toBeGreaterThan(text.length - 10);
    },
    60_000,
  );
});
