// Labelled tokens to entities, as transformers' pipeline("token-classification") aggregates them.
// Follows transformers/pipelines/token_classification.py of transformers 5.24, whose names these functions have.

import type { AggregationStrategy } from './strategy.js';

/** A token and the probabilities of its labels. Positions are in UTF-16 units. */
export interface PreEntity {
  readonly word: string;
  /** [labels] */
  readonly scores: Float32Array;
  readonly start: number;
  readonly end: number;
  /** The position of the token in its sequence, special tokens counted. */
  readonly index: number;
  /** Whether the token continues the word of the token before it. */
  readonly isSubword: boolean;
}

/** A token, or a word, with its label. */
export interface LabelledEntity {
  readonly entity: string;
  readonly score: number;
  readonly word: string;
  readonly start: number;
  readonly end: number;
}

/** A run of tokens, or of words, of one type. */
export interface EntityGroup extends Omit<LabelledEntity, 'entity'> {
  readonly entityGroup: string;
}

/** Gives the text that tokens spell. */
type TextOf = (tokens: readonly string[]) => string;

/** The most probable label of each token. */
export function labelTokens(
  tokens: readonly PreEntity[],
  labels: readonly string[],
): (LabelledEntity & { readonly index: number })[] {
  return tokens.map(({ word, scores, start, end, index }) => ({
    ...mostProbable(scores, labels),
    index,
    word,
    start,
    end,
  }));
}

/** The words of the tokens, one label each. */
export function aggregateWords(
  tokens: readonly PreEntity[],
  labels: readonly string[],
  strategy: Exclude<AggregationStrategy, 'none' | 'simple'>,
  textOf: TextOf,
): LabelledEntity[] {
  const words: PreEntity[][] = [];
  for (const token of tokens) {
    if (token.isSubword && words.length > 0) words.at(-1)!.push(token);
    else words.push([token]);
  }
  return words.map(word => ({
    ...mostProbable(SCORES[strategy](word), labels),
    word: textOf(word.map(token => token.word)),
    start: word[0]!.start,
    end: word.at(-1)!.end,
  }));
}

/** The probabilities of a word from those of its tokens. */
const SCORES = {
  first: ([token]: readonly PreEntity[]) => token!.scores,
  average: (tokens: readonly PreEntity[]) =>
    tokens[0]!.scores.map((_, label) => mean(tokens.map(({ scores }) => scores[label]!))),
  max(tokens: readonly PreEntity[]) {
    const confidences = tokens.map(({ scores }) => Math.max(...scores));
    return tokens[confidences.indexOf(Math.max(...confidences))]!.scores;
  },
};

/** Joins neighbours of one type. A label that begins with B- begins a new group. */
export function groupEntities(entities: readonly LabelledEntity[], textOf: TextOf): EntityGroup[] {
  const groups: LabelledEntity[][] = [];
  let lastTag: string | undefined;
  for (const entity of entities) {
    const { isBegin, tag } = tagOf(entity.entity);
    if (tag === lastTag && !isBegin) groups.at(-1)!.push(entity);
    else groups.push([entity]);
    lastTag = tag;
  }
  return groups.map(group => ({
    entityGroup: typeOf(group[0]!.entity),
    score: mean(group.map(({ score }) => score)),
    word: textOf(group.map(({ word }) => word)),
    start: group[0]!.start,
    end: group.at(-1)!.end,
  }));
}

/** A label without the prefix B- or I-. The pipeline knows no others. */
function tagOf(label: string): { readonly isBegin: boolean; readonly tag: string } {
  return { isBegin: label.startsWith('B-'), tag: /^[BI]-/.test(label) ? label.slice(2) : label };
}

/** What stands behind the first dash of a label, which the pipeline names a group after. */
function typeOf(label: string): string {
  return label.slice(label.indexOf('-') + 1);
}

/** Of entities of different windows that overlap, keeps the longest, and of equally long ones that of the highest score. */
export function aggregateOverlapping(entities: readonly EntityGroup[]): EntityGroup[] {
  const [first, ...others] = entities.toSorted((a, b) => a.start - b.start);
  if (!first) return [];
  const kept: EntityGroup[] = [];
  let previous = first;
  // The pipeline compares the first entity with itself as well. One without a character does not overlap with itself.
  for (const entity of first.start < first.end ? others : [first, ...others]) {
    const overlaps = previous.start <= entity.start && entity.start < previous.end;
    if (!overlaps) kept.push(previous);
    if (!overlaps || isBetter(entity, previous)) previous = entity;
  }
  return [...kept, previous];
}

function isBetter(entity: EntityGroup, previous: EntityGroup): boolean {
  const longer = entity.end - entity.start - (previous.end - previous.start);
  return longer > 0 || (longer === 0 && entity.score > previous.score);
}

/** The label of the greatest score, the first one in a tie. */
function mostProbable(scores: Float32Array, labels: readonly string[]) {
  const score = Math.max(...scores);
  return { entity: labels[scores.indexOf(score)]!, score };
}

/** In single precision, as the pipeline's. */
function mean(values: readonly number[]): number {
  return Math.fround(values.reduce((sum, value) => sum + value, 0) / values.length);
}
