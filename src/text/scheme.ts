// What a tagger's labels mean: which ones open, continue or close an entity, and which may follow which.
// IOB1/2, IOE, BIOES and BILOU label sets are all told apart by the prefixes that they hold.

export type TagKind = 'outside' | 'begin' | 'inside' | 'end' | 'single' | 'plain';

export interface Tag {
  readonly kind: TagKind;
  /** The entity's label: PER of B-PER; the label itself where it has no prefix; empty for O. */
  readonly type: string;
}

const PREFIXES: Record<string, TagKind> = {
  B: 'begin',
  I: 'inside',
  E: 'end',
  L: 'end',
  S: 'single',
  U: 'single',
};

export const OUTSIDE: Tag = { kind: 'outside', type: '' };

export function parseTag(label: string): Tag {
  if (label === 'O') return OUTSIDE;
  const prefixed = /^([BIELSU])-(.+)$/s.exec(label);
  return prefixed ? { kind: PREFIXES[prefixed[1]!]!, type: prefixed[2]! } : { kind: 'plain', type: label };
}

/** The rules of one label set. */
export class Scheme {
  readonly tags: readonly Tag[];
  readonly #kinds = new Map<string, Set<TagKind>>();

  constructor(labels: readonly string[]) {
    this.tags = labels.map(parseTag);
    for (const { kind, type } of this.tags)
      this.#kinds.set(type, (this.#kinds.get(type) ?? new Set()).add(kind));
  }

  /** Whether `next` may stand after `previous`; a text starts and ends with OUTSIDE around it. */
  allows(previous: Tag, next: Tag): boolean {
    if (isOpen(previous) && continues(next) && previous.type === next.type) return true;
    return this.#mayStop(previous) && this.#mayStart(next);
  }

  /** An entity whose type has a closing label is finished only by it, or by never needing it (no S-X: a lone B-X). */
  #mayStop({ kind, type }: Tag): boolean {
    if (!isOpen({ kind, type }) || !this.#has(type, 'end')) return true;
    return kind === 'begin' && !this.#has(type, 'single');
  }

  /** I-X and E-X start an entity only where no B-X could. */
  #mayStart(tag: Tag): boolean {
    return !continues(tag) || !this.#has(tag.type, 'begin');
  }

  #has(type: string, kind: TagKind): boolean {
    return this.#kinds.get(type)?.has(kind) ?? false;
  }
}

function isOpen({ kind }: Tag): boolean {
  return kind === 'begin' || kind === 'inside';
}

function continues({ kind }: Tag): boolean {
  return kind === 'inside' || kind === 'end';
}
