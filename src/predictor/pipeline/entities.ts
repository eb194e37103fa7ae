// The logits of a text's tokens to what transformers' pipeline("token-classification") returns.

import { atOnce, type Sliced } from '../../slices.js';
import { offsetsIn } from '../../text/offsets.js';
import { softmax } from '../../text/probabilities.js';
import type { TextModel } from '../model.js';
import {
  aggregateOverlapping,
  aggregateWords,
  type EntityGroup,
  groupEntities,
  labelTokens,
  type PreEntity,
} from './aggregate.js';
import type { EncodedTokens, TokenWindow } from './encodeTokens.js';
import type { AggregationStrategy } from './strategy.js';

export interface EntityOptions {
  /** `none` unless it is given. */
  readonly aggregationStrategy?: AggregationStrategy;
  /** Entities of these labels, or types of groups, are left out: O unless they are given. */
  readonly ignoreLabels?: readonly string[];
}

/** One token. Its keys are the pipeline's, and in its order; positions are in code points. */
export interface TokenEntity {
  readonly entity: string;
  readonly score: number;
  /** The position of the token in its sequence, special tokens counted. */
  readonly index: number;
  readonly word: string;
  readonly start: number;
  readonly end: number;
}

/** An entity of an aggregation strategy. Its keys are the pipeline's, and in its order; positions are in code points. */
export interface GroupEntity {
  readonly entity_group: string;
  readonly score: number;
  readonly word: string;
  readonly start: number;
  readonly end: number;
}

export type PipelineEntity = TokenEntity | GroupEntity;

/**
 * The entities of a text. `rows` are the logits of its sequences, each [tokens, labels], row after row.
 * Throws UserError for a tokenizer whose decoder is not supported, where a strategy needs it.
 */
export function pipelineEntities(
  model: TextModel,
  text: string,
  encoded: EncodedTokens,
  rows: readonly Float32Array[],
  options: EntityOptions = {},
): PipelineEntity[] {
  return atOnce(pipelineEntitiesInSlices(model, text, encoded, rows, options));
}

/** What pipelineEntities does, in slices of one window each. */
export function* pipelineEntitiesInSlices(
  model: TextModel,
  text: string,
  { windows }: EncodedTokens,
  rows: readonly Float32Array[],
  { aggregationStrategy = 'none', ignoreLabels = ['O'] }: EntityOptions = {},
): Sliced<PipelineEntity[]> {
  const { labels } = model.manifest;
  const textOf = (tokens: readonly string[]) => model.tokenizer.textOf(tokens);
  if (aggregationStrategy === 'none') {
    const found = windows.flatMap((window, i) =>
      labelTokens(preEntities(model, text, window, rows[i]!), labels),
    );
    const kept = found.filter(({ entity }) => !ignoreLabels.includes(entity));
    return inCodePoints(text, kept);
  }
  const groups: EntityGroup[] = [];
  for (const [i, window] of windows.entries()) {
    const tokens = preEntities(model, text, window, rows[i]!);
    const words =
      aggregationStrategy === 'simple'
        ? labelTokens(tokens, labels)
        : aggregateWords(tokens, labels, aggregationStrategy, textOf);
    for (const group of groupEntities(words, textOf)) {
      if (!ignoreLabels.includes(group.entityGroup)) groups.push(group);
    }
    yield;
  }
  // The lengths of entities that overlap are compared in code points.
  const located = inCodePoints(text, groups);
  const merged = windows.length > 1 ? aggregateOverlapping(located) : located;
  return merged.map(({ entityGroup, ...entity }) => ({ entity_group: entityGroup, ...entity }));
}

/** The tokens of a window with their probabilities. `logits` is [tokens, labels]. */
function preEntities(
  { manifest, tokenizer }: TextModel,
  text: string,
  { ids, starts, ends }: TokenWindow,
  logits: Float32Array,
): PreEntity[] {
  const labels = manifest.labels.length;
  return ids.map((id, i) => {
    const start = starts[i]!;
    const end = ends[i]!;
    const isUnknown = id === tokenizer.unknownTokenId;
    return {
      word: isUnknown ? text.slice(start, end) : tokenizer.tokenOf(id),
      // In single precision, as the pipeline's: where several are rounded to 1, the first one counts.
      scores: Float32Array.from(softmax(logits.subarray(i * labels, (i + 1) * labels), manifest.temperature)),
      start,
      end,
      index: tokenizer.prefixLength + i,
      isSubword: !isUnknown && continuesWord(text, start),
    };
  });
}

/** The pipeline's rule for tokenizers that do not mark the tokens inside words: no space before the token, or at its start. */
function continuesWord(text: string, start: number): boolean {
  return start > 0 && text[start - 1] !== ' ' && text[start] !== ' ';
}

function inCodePoints<T extends { readonly start: number; readonly end: number }>(
  text: string,
  entities: readonly T[],
): T[] {
  const positions = offsetsIn(
    text,
    'codepoint',
    entities.flatMap(({ start, end }) => [start, end]),
  );
  return entities.map(entity => ({
    ...entity,
    start: positions.get(entity.start)!,
    end: positions.get(entity.end)!,
  }));
}
