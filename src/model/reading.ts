// The reading of a model: how probabilities and labels are made of its logits, and what they were on the data on which it
// was evaluated. It can be changed without a new export, because the graph knows nothing of it.

import { createHash } from 'node:crypto';
import { UserError } from '../errors.js';
import type { Manifest } from './manifest.js';

export type Reading = Pick<Manifest, 'temperature' | 'thresholds' | 'reference'>;

/** Takes a document apart into its reading and all else. */
export function splitReading<T extends Reading>(document: T) {
  const { temperature, thresholds, reference, ...request } = document;
  const reading: Reading = {
    ...(temperature !== undefined && { temperature }),
    ...(thresholds !== undefined && { thresholds }),
    ...(reference !== undefined && { reference }),
  };
  return { request, reading };
}

/**
 * The version of a model whose export has the version `version`. Models that differ in their reading alone have the same
 * version up to the dash. The reference changes no answer, so it is no part of the version.
 */
export function versionOf(version: string, document: Reading): string {
  const { temperature = 1, thresholds = {} } = document;
  const [exported] = version.split('-') as [string];
  const sorted = Object.entries(thresholds).sort(([a], [b]) => (a < b ? -1 : 1));
  if (temperature === 1 && sorted.length === 0) return exported;
  const hash = createHash('sha256').update(JSON.stringify([temperature, sorted]));
  return `${exported}-${hash.digest('hex').slice(0, 8)}`;
}

/** Gives a model another reading. Its own stays where `reading` says nothing. Throws UserError as checkedReading does. */
export function withReading(manifest: Manifest, reading: Reading): Manifest {
  const read = { ...manifest, ...checkedReading(reading, manifest) };
  return { ...read, version: versionOf(manifest.version, read) };
}

/** Returns the reading. Throws UserError where it does not fit the model. */
export function checkedReading(
  reading: Reading,
  { task, problemType, labels }: Pick<Manifest, 'task' | 'problemType' | 'labels'>,
): Reading {
  const { temperature, thresholds } = reading;
  if (problemType === 'regression' && (temperature ?? thresholds) !== undefined) {
    const name = temperature === undefined ? 'thresholds' : 'temperature';
    throw new UserError(`${name}: expected none for a regression, which gives values and no probabilities`);
  }
  if (!thresholds) return reading;
  if (task === 'token') {
    throw new UserError('thresholds: expected none for an entity tagger: they are for classifiers');
  }
  const unknown = Object.keys(thresholds).find(label => !labels.includes(label));
  if (unknown === undefined) return reading;
  throw new UserError(
    `thresholds: expected labels of the model, ${labels.join(', ')}, found ${JSON.stringify(unknown)}`,
  );
}
