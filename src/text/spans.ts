// From tags to entities: runs of words that bear one label.

import { parseTag, type Tag } from './scheme.js';

export interface EntitySpan {
  readonly label: string;
  readonly startWord: number;
  /** Exclusive. */
  readonly endWord: number;
}

/**
 * Entities of a tag sequence, valid or not, as seqeval's get_entities finds them: a label that cannot continue
 * the entity before it starts one. L- and U- (BILOU) are read as E- and S-.
 */
export function entitySpans(labels: readonly string[]): EntitySpan[] {
  const spans: EntitySpan[] = [];
  let open: { tag: Tag; startWord: number } | null = null;
  let previous: Tag | null = null;
  labels.forEach((label, word) => {
    const tag = parseTag(label);
    const joins = open !== null && previous !== null && joinsEntity(previous, tag);
    if (open && !joins) {
      spans.push({ label: open.tag.type, startWord: open.startWord, endWord: word });
      open = null;
    }
    if (!open && tag.kind !== 'outside') open = { tag, startWord: word };
    previous = tag;
  });
  if (open)
    spans.push({
      label: (open as { tag: Tag }).tag.type,
      startWord: (open as { startWord: number }).startWord,
      endWord: labels.length,
    });
  return spans;
}

function joinsEntity(previous: Tag, tag: Tag): boolean {
  if (previous.type !== tag.type) return false;
  if (tag.kind === 'plain') return previous.kind === 'plain';
  const closed = previous.kind === 'end' || previous.kind === 'single';
  return !closed && (tag.kind === 'inside' || tag.kind === 'end');
}
