// Splits long word lists into windows that overlap by half, so that every word has context on both sides.

import type { WordTokens } from './tokenizer.js';

/** A run of words that is read in one forward pass. */
export interface Window {
  readonly startWord: number;
  /** Exclusive. */
  readonly endWord: number;
}

/**
 * Plans windows of at most `maxTokens` tokens, special tokens not counted. Each window starts at the first word that
 * has at least half of the previous window's tokens before it.
 * A word of more than `maxTokens` tokens gets a window of its own; the caller cuts it to its first tokens.
 */
export function planWindows(words: WordTokens, maxTokens: number): Window[] {
  const windows: Window[] = [];
  let startWord = 0;
  while (startWord < words.length) {
    let endWord = startWord;
    let tokens = 0;
    while (
      endWord < words.length &&
      (endWord === startWord || tokens + words[endWord]!.length <= maxTokens)
    ) {
      tokens += words[endWord++]!.length;
    }
    windows.push({ startWord, endWord });
    if (endWord === words.length) break;
    startWord = firstWordPastHalf(words, startWord, endWord, tokens);
  }
  return windows;
}

/** The first word after `startWord` that has at least half of the window's `tokens` before it, so that windows move on. */
function firstWordPastHalf(words: WordTokens, startWord: number, endWord: number, tokens: number): number {
  let word = startWord;
  for (let passed = 0; word < endWord && (passed < tokens / 2 || word === startWord); word++) {
    passed += words[word]!.length;
  }
  return word;
}

/**
 * For each word, the index of the window whose logits it takes: the one in which its shorter side has more context,
 * in tokens, and the earlier one in a tie.
 */
export function chooseWindows(words: WordTokens, windows: readonly Window[]): number[] {
  const chosen = new Array<number>(words.length).fill(0);
  const bestContext = new Array<number>(words.length).fill(-1);
  windows.forEach(({ startWord, endWord }, window) => {
    let total = 0;
    for (let word = startWord; word < endWord; word++) total += words[word]!.length;
    let left = 0;
    for (let word = startWord; word < endWord; word++) {
      const right = total - left - words[word]!.length;
      const context = Math.min(left, right);
      if (context > bestContext[word]!) {
        bestContext[word] = context;
        chosen[word] = window;
      }
      left += words[word]!.length;
    }
  });
  return chosen;
}
