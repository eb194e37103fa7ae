// What an export tells its user beside its result: how the tokenizer and the labels were read, and what is left aside.

import type { Merged } from '../checkpoint/merge.js';
import { notationNotes } from '../text/notationText.js';
import { type Manifest, notationOf } from './manifest.js';
import type { Plan } from './plan.js';
import type { ChosenTokenizer } from './tokenizerChoice.js';

/** One line each. */
export function exportNotes(tokenizer: ChosenTokenizer, plan: Plan, merged: Merged): string[] {
  return [...tokenizer.notes, ...labelNotes(plan), ...merged.notes];
}

/** The notes of a model's export. Folders that were written before they were kept have only what their labels tell. */
export function notesOf(manifest: Manifest): readonly string[] {
  return manifest.notes ?? labelNotes(manifest);
}

function labelNotes(model: Pick<Manifest, 'task' | 'labels' | 'scheme'>): string[] {
  return model.task === 'token' ? notationNotes(model.labels, notationOf(model)) : [];
}
