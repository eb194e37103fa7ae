// Tags to entities: finds the runs of words that belong to one entity.

import type { Tag } from './notation.js';

export interface EntitySpan {
  readonly label: string;
  readonly startWord: number;
  /** Exclusive. */
  readonly endWord: number;
}

/**
 * Entities of a tag sequence, one tag per word, as seqeval's get_entities finds them. The sequence need not be valid:
 * a tag that cannot continue the entity before it starts a new one.
 */
export function entitySpans(tags: readonly Tag[]): EntitySpan[] {
  const spans: EntitySpan[] = [];
  let open: { label: string; startWord: number } | undefined;
  let previous: Tag | undefined;
  for (const [word, tag] of tags.entries()) {
    if (open && !(previous && joinsEntity(previous, tag))) {
      spans.push({ ...open, endWord: word });
      open = undefined;
    }
    if (!open && tag.kind !== 'outside') open = { label: tag.type, startWord: word };
    previous = tag;
  }
  if (open) spans.push({ ...open, endWord: tags.length });
  return spans;
}

/** Whether `tag` belongs to the entity of the word before it. */
function joinsEntity(previous: Tag, tag: Tag): boolean {
  if (previous.type !== tag.type) return false;
  if (tag.kind === 'plain') return previous.kind === 'plain';
  const isClosed = previous.kind === 'end' || previous.kind === 'single';
  return !isClosed && (tag.kind === 'inside' || tag.kind === 'end');
}
