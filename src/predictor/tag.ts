// Token classification: encoded words to tags and entities.

import { type Manifest, notationOf } from '../model/manifest.js';
import { OUTSIDE } from '../text/notation.js';
import { Scheme } from '../text/scheme.js';
import { type EntitySpan, entitySpans } from '../text/spans.js';
import { type Decoding, decode, type TaggedWord } from '../text/tags.js';
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

/**
 * Tags encoded texts; results in their order. The default decoding is the model's own. Throws the errors of
 * Scheduler.submit.
 */
export async function tag(
  model: LoadedModel,
  texts: readonly EncodedWords[],
  urgency: Urgency,
  decoding?: Decoding,
): Promise<Tagging[]> {
  const sequences = texts.flatMap(text => text.sequences);
  const rows = sequences.length > 0 ? await model.run(sequences, urgency) : [];
  return [...taggings(model.manifest, texts, rows, decoding)];
}

/** The tagging of each text, in order. `rows` are the logits of all the texts' sequences. */
export function* taggings(
  manifest: Manifest,
  texts: readonly EncodedWords[],
  rows: readonly Float32Array[],
  decoding: Decoding = manifest.decoding ?? 'valid',
): Generator<Tagging> {
  const { labels, temperature } = manifest;
  const scheme = new Scheme(labels, notationOf(manifest));
  let next = 0;
  for (const text of texts) {
    const own = rows.slice(next, next + text.sequences.length);
    next += own.length;
    const logits = wordLogits(text, own, labels.length);
    yield { ...tagged(decode(logits, scheme, decoding, temperature), scheme), logits, tokens: text.tokens };
  }
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

function tagged(words: readonly TaggedWord[], scheme: Scheme) {
  const entities = entitySpans(words.map(({ label }) => scheme.tags[label] ?? OUTSIDE)).map(span => {
    const scores = words.slice(span.startWord, span.endWord).map(word => word.score);
    return { ...span, score: scores.reduce((sum, score) => sum + score, 0) / scores.length };
  });
  return { tags: words.map(({ label }) => scheme.labels[label] ?? scheme.outsideLabel), entities };
}
