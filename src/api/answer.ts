// The answer to a prediction request, and how one of JSON is made piece by piece.

import type { Sliced } from '../slices.js';
import { Problem } from './problem.js';

export interface Answer {
  readonly content: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  /** How often each label is in it, for the metrics. */
  readonly labels: ReadonlyMap<string, number>;
}

/** What the answer says about one text. */
export interface Result {
  /** As it is in the answer. */
  readonly json: object;
  /** The labels in it. */
  readonly labels: readonly string[];
}

const JSON_HEADERS = { 'content-type': 'application/json; charset=utf-8' };

/**
 * An answer in JSON: `opening`, the results with commas between them, `closing`. Pauses after each result, and where the
 * results do. Throws Problem 422 for a result that is too long.
 */
export function* jsonAnswer(
  opening: string,
  results: Iterable<Result | undefined>,
  closing: string,
): Sliced<Answer> {
  const parts = [Buffer.from(opening)];
  const labels = new Map<string, number>();
  let separator = '';
  for (const result of results) {
    if (result) {
      parts.push(Buffer.from(separator + stringify(result.json)));
      countLabels(labels, result.labels);
      separator = ',';
    }
    yield;
  }
  parts.push(Buffer.from(closing));
  return { content: new Uint8Array(Buffer.concat(parts)), headers: JSON_HEADERS, labels };
}

/** Adds labels to the counts of an answer. */
export function countLabels(counts: Map<string, number>, labels: readonly string[]): void {
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
}

/** JSON of one result. A text of a million words can have more logits than the longest string holds. */
export function stringify(result: object): string {
  try {
    return JSON.stringify(result);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Problem(422, 'the answer would be too long: send fewer words, or leave raw_scores out');
  }
}
