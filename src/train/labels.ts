// The label set of a training run, where the user gives none: the labels that the data has.

import type { Task } from '../model/manifest.js';
import { readNotation, splitLabel } from '../text/notation.js';
import type { LabelledText } from './examples.js';

/**
 * The labels of the data in the order of the head's rows: sorted, by number where all are whole numbers; for a tagger,
 * those outside of entities first, then the tags of each type together.
 */
export function labelsIn(texts: readonly LabelledText[], task: Task): string[] {
  const labels = sorted([...new Set(texts.flatMap(text => text.labels))]);
  if (task === 'sequence') return labels;
  const notation = readNotation(labels);
  const outside = labels.filter(label => notation.outside.includes(label));
  const typeOf = (label: string) => splitLabel(label, notation)?.type ?? label;
  const tags = labels
    .filter(label => !notation.outside.includes(label))
    .sort((a, b) => compare(typeOf(a), typeOf(b)) || compare(a, b));
  return [...outside, ...tags];
}

function sorted(labels: string[]): string[] {
  return labels.every(label => /^\d+$/.test(label))
    ? labels.sort((a, b) => Number(a) - Number(b))
    : labels.sort();
}

function compare(a: string, b: string): number {
  return Number(a > b) - Number(a < b);
}
