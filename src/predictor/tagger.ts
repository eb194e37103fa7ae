// Token classification: words to tags and entities, long word lists in overlapping windows.

import type { Sequence } from '../engine/batch.js';
import { Scheme } from '../text/scheme.js';
import { entitySpans } from '../text/spans.js';
import { bestTags } from '../text/tags.js';
import type { WordTokens } from '../text/tokenizer.js';
import { chooseWindows, planWindows, type Window } from '../text/windows.js';
import { checkTokens, forward, type LoadedModel, type TextModel, type Urgency } from './predictor.js';

export interface Entity {
  readonly label: string;
  /** Mean, over its words, of the probability of the word's chosen tag. */
  readonly score: number;
  readonly startWord: number;
  /** Exclusive. */
  readonly endWord: number;
}

export interface Tagging {
  /** One a word. */
  readonly tags: readonly string[];
  readonly entities: readonly Entity[];
  /** One row [labels] a word, before softmax; null for a word that has no token. */
  readonly logits: readonly (Float32Array | null)[];
  /** Tokens of the words, each once, and the special tokens of one pass around them. */
  readonly tokens: number;
}

export interface EncodedWords {
  readonly words: WordTokens;
  readonly windows: readonly Window[];
  readonly sequences: readonly Sequence[];
  readonly tokens: number;
}

/**
 * Encodes a list of words for a token classifier, in as many windows as it needs.
 * Throws UnusableText for a token that the model does not know.
 */
export function encodeWords(model: TextModel, words: readonly string[]): EncodedWords {
  const { manifest, tokenizer } = model;
  const room = manifest.maxLength - tokenizer.specialTokens;
  const encoded = tokenizer.encodeWords(words).map(ids => ids.slice(0, room));
  const counted = encoded.reduce((sum, ids) => sum + ids.length, 0);
  if (counted === 0) return { words: encoded, windows: [], sequences: [], tokens: 0 };
  const windows = planWindows(encoded, room);
  const sequences = windows.map(({ startWord, endWord }) =>
    windowSequence(tokenizer.prefixLength, startWord, endWord),
  );
  return { words: encoded, windows, sequences, tokens: counted + tokenizer.specialTokens };

  function windowSequence(prefixLength: number, startWord: number, endWord: number): Sequence {
    const inside = encoded.slice(startWord, endWord);
    const headPositions: number[] = [];
    let position = prefixLength;
    for (const ids of inside) {
      if (ids.length > 0) headPositions.push(position);
      position += ids.length;
    }
    const ids = tokenizer.joinWords(inside);
    checkTokens(model, ids);
    return { ids, headPositions: Int32Array.from(headPositions) };
  }
}

/** Tags word lists that were encoded; results in their order. Throws what Scheduler.submit throws. */
export async function tag(
  model: LoadedModel,
  texts: readonly EncodedWords[],
  urgency: Urgency,
): Promise<Tagging[]> {
  const scheme = new Scheme(model.manifest.labels);
  const sequences = texts.flatMap(text => text.sequences);
  const rows = sequences.length > 0 ? await forward(model, sequences, urgency) : [];
  let next = 0;
  return texts.map(text => {
    const own = rows.slice(next, next + text.sequences.length);
    next += own.length;
    const logits = wordLogits(text, own, model.manifest.labels.length);
    return tagging(model, scheme, text, logits);
  });
}

/** Each word's row, out of the window chosen for it. */
function wordLogits({ words, windows }: EncodedWords, rows: readonly Float32Array[], labels: number) {
  const chosen = chooseWindows(words, windows);
  const logits: (Float32Array | null)[] = words.map(() => null);
  windows.forEach(({ startWord, endWord }, window) => {
    let row = 0;
    for (let word = startWord; word < endWord; word++) {
      if (words[word]!.length === 0) continue;
      if (chosen[word] === window) logits[word] = rows[window]!.subarray(row * labels, (row + 1) * labels);
      row++;
    }
  });
  return logits;
}

function tagging(
  model: LoadedModel,
  scheme: Scheme,
  text: EncodedWords,
  logits: (Float32Array | null)[],
): Tagging {
  const words = bestTags(logits, scheme);
  const tags = words.map(({ label }) => (label < 0 ? 'O' : model.manifest.labels[label]!));
  const entities = entitySpans(tags).map(span => {
    const scores = words.slice(span.startWord, span.endWord).map(word => word.score);
    return { ...span, score: scores.reduce((sum, score) => sum + score, 0) / scores.length };
  });
  return { tags, entities, logits, tokens: text.tokens };
}
