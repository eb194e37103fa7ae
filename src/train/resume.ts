// Whether an interrupted run may go on: its options and data have to be the same.

import { createHash } from 'node:crypto';
import { UserError } from '../errors.js';
import { VERSION } from '../version.js';
import type { TrainingExample } from './examples.js';
import type { TrainOptions } from './options.js';
import type { Setup } from './setup.js';

/**
 * What a run that goes on has to have as the interrupted one had it. The learning rate may change, for a run whose loss
 * was no number any more.
 */
export function settingsOf(
  { learningRate: _, ...options }: TrainOptions,
  { labels, graph, examples, dev }: Setup,
): Record<string, unknown> {
  const settings = {
    ...options,
    version: VERSION,
    loss: graph.loss,
    labels,
    data: digestOf(examples),
    dev: dev && digestOf(dev),
  };
  return JSON.parse(JSON.stringify(settings));
}

/** Throws UserError naming the first setting that has changed. */
export function checkSame(saved: Record<string, unknown>, now: Record<string, unknown>): void {
  for (const key of new Set([...Object.keys(saved), ...Object.keys(now)])) {
    const [before, after] = [saved, now].map(settings => JSON.stringify(settings[key]) ?? 'none');
    if (before === after) continue;
    throw new UserError(`--resume: expected the ${key} of the interrupted run, ${before}, found ${after}`);
  }
}

/** A short hash of texts and labels. */
function digestOf(examples: readonly TrainingExample[]): string {
  const hash = createHash('sha256');
  for (const { sequence, rows } of examples) hash.update(sequence.ids).update(JSON.stringify(rows));
  return hash.digest('hex').slice(0, 12);
}
