// The changes of an adapter that an export leaves aside: those to the other parts of a multimodal model, and those to
// an lm_head that predicts tokens.

import type { Adapter } from './adapter.js';
import type { Base } from './base.js';
import { LM_HEAD, otherPartOf, splitName } from './names.js';

/** Parts of multimodal models that a base of its text part alone, such as a GGUF file, does not hold. */
const OTHER_MEDIA = /vision|visual|image|video|audio|speech|multi_modal|mm_projector|connector/;

/** The adapter without the changes that are left aside. `base` is the one that it is merged into. */
export function usedPartOf(adapter: Adapter, base: Base): Adapter {
  const lmHeadIsUsed = hasLabelLmHead(adapter, base);
  const isUsed = (name: string) => {
    const part = otherPartOf(name);
    if (part !== undefined) return !base.otherParts.has(part) && !OTHER_MEDIA.test(part);
    return lmHeadIsUsed || name.split('.', 1)[0] !== LM_HEAD;
  };
  const used = <T>(changes: ReadonlyMap<string, T>) => new Map([...changes].filter(([name]) => isUsed(name)));
  return {
    ...adapter,
    updates: used(adapter.updates),
    trained: used(adapter.trained),
    trainedRows: used(adapter.trainedRows),
  };
}

/** A line for each part of a multimodal model that the adapter changes and `used`, the part in use, leaves aside. */
export function notesOn(adapter: Adapter, used: Adapter): string[] {
  const kept = otherChanges(used);
  return [...otherChanges(adapter)]
    .filter(([part]) => !kept.has(part))
    .map(([part, count]) => `adapter ${adapter.name}: ${leftAsideText(part, count)}`);
}

/** Says that an adapter's changes to a part of a multimodal model are not exported. */
export function leftAsideText(part: string, count: number): string {
  return `${count} ${count === 1 ? 'change' : 'changes'} to ${part} left aside: only the text part is exported`;
}

/** How many modules the adapter changes in each part beside the text part: 24 in `vision_tower`. */
export function otherChanges({ updates, trained, trainedRows }: Adapter): Map<string, number> {
  const tensors = [...trained.keys(), ...trainedRows.keys()].map(name => splitName(name).module);
  const counts = new Map<string, number>();
  for (const module of new Set([...updates.keys(), ...tensors])) {
    const part = otherPartOf(module);
    if (part) counts.set(part, (counts.get(part) ?? 0) + 1);
  }
  return counts;
}

/**
 * Whether the adapter's lm_head has a row for each label instead of a row for each token. Some trainings cut the rows
 * of all other tokens off, and train what is left as the head of a classifier.
 */
function hasLabelLmHead({ source, trained, updates }: Adapter, base: Base): boolean {
  const key = trained.get(`${LM_HEAD}.weight`) ?? updates.get(LM_HEAD)?.b;
  const rowsOf = (tensor: string) => source.tensors.get(tensor)!.shape[0]!;
  const table = trained.get('embed_tokens.weight');
  // The adapter may have a larger or smaller vocabulary than the base.
  const vocabulary = Math.min(base.decoder.vocabSize, table ? rowsOf(table) : Number.POSITIVE_INFINITY);
  return key !== undefined && rowsOf(key) < vocabulary;
}
