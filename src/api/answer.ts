// The answer to a prediction request, and how one of JSON is made piece by piece.

import type { Sliced } from '../slices.js';
import { Problem } from './problem.js';

export interface Answer extends PredictionCounts {
  readonly content: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/** What the answer says about one text. */
export interface Result {
  /** As it is in the answer. */
  readonly json: object;
  /** What it predicts, for the metrics: the label of a text, or the entities in it. */
  readonly predictions: readonly Prediction[];
}

interface Prediction {
  readonly label: string;
  /** A probability; undefined for the value of a regression. */
  readonly score?: number | undefined;
}

/** What an answer predicts, for the metrics. */
export interface PredictionCounts {
  /** How often each label is in it. */
  readonly labels: Map<string, number>;
  /** The scores of the first predictions in it. */
  readonly scores: number[];
}

/** Enough to see how sure a model is, and few enough to count them while other requests wait. */
const MAX_SCORES = 100;

export function noPredictions(): PredictionCounts {
  return { labels: new Map(), scores: [] };
}

/** Adds predictions to those of an answer. */
export function countPredictions(
  { labels, scores }: PredictionCounts,
  predictions: readonly Prediction[],
): void {
  for (const { label, score } of predictions) {
    labels.set(label, (labels.get(label) ?? 0) + 1);
    if (score !== undefined && scores.length < MAX_SCORES) scores.push(score);
  }
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
  const counts = noPredictions();
  let separator = '';
  for (const result of results) {
    if (result) {
      parts.push(Buffer.from(separator + stringify(result.json)));
      countPredictions(counts, result.predictions);
      separator = ',';
    }
    yield;
  }
  parts.push(Buffer.from(closing));
  return { content: new Uint8Array(Buffer.concat(parts)), headers: JSON_HEADERS, ...counts };
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
