// Long word lists are read in windows that overlap by half, so that every word has context on both sides.

import type { WordTokens } from './tokenizer.js';

/** A run of words that is read in one forward pass. */
export interface Window {
  readonly startWord: number;
  /** Exclusive. */
  readonly endWord: number;
}

/**
 * Windows of at most `room` tokens; each next one starts where half of the one before is behind it.
 * A single word of more than `room` tokens is a window of its own (its first tokens are the ones that count).
 */
export function planWindows(words: WordTokens, room: number): Window[] {
  const windows: Window[] = [];
  let startWord = 0;
  while (startWord < words.length) {
    let endWord = startWord;
    let tokens = 0;
    while (endWord < words.length && (endWord === startWord || tokens + words[endWord]!.length <= room)) {
      tokens += words[endWord++]!.length;
    }
    windows.push({ startWord, endWord });
    if (endWord === words.length) break;
    startWord = firstWordPastHalf(words, startWord, endWord, tokens);
  }
  return windows;
}

function firstWordPastHalf(words: WordTokens, startWord: number, endWord: number, tokens: number): number {
  let word = startWord;
  for (let behind = 0; word < endWord && (behind < tokens / 2 || word === startWord); word++) {
    behind += words[word]!.length;
  }
  return word;
}

/**
 * For each word, the window whose logits it takes: the one where its shorter side has more context, in tokens;
 * the earlier one in a tie.
 */
export function chooseWindows(words: WordTokens, windows: readonly Window[]): number[] {
  const chosen = new Array<number>(words.length).fill(0);
  const best = new Array<number>(words.length).fill(-1);
  windows.forEach(({ startWord, endWord }, window) => {
    let total = 0;
    for (let word = startWord; word < endWord; word++) total += words[word]!.length;
    let left = 0;
    for (let word = startWord; word < endWord; word++) {
      const right = total - left - words[word]!.length;
      const context = Math.min(left, right);
      if (context > best[word]!) {
        best[word] = context;
        chosen[word] = window;
      }
      left += words[word]!.length;
    }
  });
  return chosen;
}
