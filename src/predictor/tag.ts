// Token classification: encoded words to tags and entities.

import { Scheme } from '../text/scheme.js';
import { type EntitySpan, entitySpans } from '../text/spans.js';
import { bestTags } from '../text/tags.js';
import { chooseWindows } from '../text/windows.js';
import type { EncodedWords } from './encode.js';
import type { LoadedModel, Urgency } from './model.js';

export interface Entity extends EntitySpan {
  /** The mean, over the entity's words, of the probability of the word's chosen tag. */
  readonly score: number;
}

export interface Tagging {
  /** One tag per word. */
  readonly tags: readonly string[];
  readonly entities: readonly Entity[];
  /** One row [labels] per word, before softmax; null for a word that has no token. */
  readonly logits: readonly (Float32Array | null)[];
  /** Tokens of the words, each counted once, plus the special tokens of one sequence. */
  readonly tokens: number;
}

/** Tags encoded texts; results in their order. Throws the errors of Scheduler.submit. */
export async function tag(
  model: LoadedModel,
  texts: readonly EncodedWords[],
  urgency: Urgency,
): Promise<Tagging[]> {
  const { labels } = model.manifest;
  const scheme = new Scheme(labels);
  const sequences = texts.flatMap(text => text.sequences);
  const rows = sequences.length > 0 ? await model.run(sequences, urgency) : [];
  let next = 0;
  return texts.map(text => {
    const own = rows.slice(next, next + text.sequences.length);
    next += own.length;
    const logits = wordLogits(text, own, labels.length);
    return { ...tagged(logits, scheme, labels), logits, tokens: text.tokens };
  });
}

/** The logits of each word, from the window that is chosen for it. */
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

function tagged(logits: readonly (Float32Array | null)[], scheme: Scheme, labels: readonly string[]) {
  const words = bestTags(logits, scheme);
  const tags = words.map(({ label }) => (label < 0 ? 'O' : labels[label]!));
  const entities = entitySpans(tags).map(span => {
    const scores = words.slice(span.startWord, span.endWord).map(word => word.score);
    return { ...span, score: scores.reduce((sum, score) => sum + score, 0) / scores.length };
  });
  return { tags, entities };
}
