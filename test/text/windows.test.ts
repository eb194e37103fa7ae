// Windows cover every word and overlap by half, and each word takes the window with more context around it.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseWindows, planWindows } from '../../dist/text/windows.js';

const wordsOf = (lengths: readonly number[]) => lengths.map(length => new Array<number>(length).fill(7));

describe('planWindows', () => {
  it('plans one window for a short list', () => {
    expect(planWindows(wordsOf([1, 2, 1]), 4)).toEqual([{ startWord: 0, endWord: 3 }]);
    expect(planWindows([], 4)).toEqual([]);
  });

  it('overlaps by half', () => {
    expect(planWindows(wordsOf([1, 1, 1, 1, 1, 1, 1]), 4)).toEqual([
      { startWord: 0, endWord: 4 },
      { startWord: 2, endWord: 6 },
      { startWord: 4, endWord: 7 },
    ]);
  });

  it('gives a word that is too long a window of its own', () => {
    expect(planWindows(wordsOf([1, 9, 1]), 4)).toEqual([
      { startWord: 0, endWord: 1 },
      { startWord: 1, endWord: 2 },
      { startWord: 2, endWord: 3 },
    ]);
  });

  it('covers every word, keeps to the maximum of tokens, and always moves on', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 200 }),
        fc.integer({ min: 1, max: 20 }),
        (lengths, maxTokens) => {
          const words = wordsOf(lengths);
          const windows = planWindows(words, maxTokens);
          const covered = new Set<number>();
          windows.forEach(({ startWord, endWord }, i) => {
            const tokens = lengths.slice(startWord, endWord).reduce((sum, n) => sum + n, 0);
            expect(tokens <= maxTokens || endWord - startWord === 1).toBe(true);
            if (i > 0) {
              expect(startWord).toBeGreaterThan(windows[i - 1]!.startWord);
              expect(startWord).toBeLessThanOrEqual(windows[i - 1]!.endWord);
            }
            for (let word = startWord; word < endWord; word++) covered.add(word);
          });
          expect(covered.size).toBe(words.length);
        },
      ),
    );
  });
});

describe('chooseWindows', () => {
  it('takes the window whose shorter side is longer, the earlier in a tie', () => {
    const words = wordsOf([1, 1, 1, 1, 1, 1, 1]);
    // Word 2 is third of four in the first window and first in the second; word 3 is last in the first and second in the second.
    expect(chooseWindows(words, planWindows(words, 4))).toEqual([0, 0, 0, 1, 1, 2, 2]);
  });

  it('never picks a window with less context than another', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 120 }), lengths => {
        const words = wordsOf(lengths);
        const windows = planWindows(words, 10);
        const sum = (from: number, to: number) => lengths.slice(from, to).reduce((total, n) => total + n, 0);
        const context = (word: number, { startWord, endWord }: { startWord: number; endWord: number }) =>
          word < startWord || word >= endWord ? -1 : Math.min(sum(startWord, word), sum(word + 1, endWord));
        chooseWindows(words, windows).forEach((window, word) => {
          const contexts = windows.map(w => context(word, w));
          expect(window).toBe(contexts.indexOf(Math.max(...contexts)));
        });
      }),
    );
  });
});
