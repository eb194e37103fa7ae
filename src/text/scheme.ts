// The tagging scheme of a label set: which tags open, continue or close an entity, and which may follow which.
// IOB1/2, IOE, BIOES and BILOU are told apart by the prefixes in the label set.

export type TagKind = 'outside' | 'begin' | 'inside' | 'end' | 'single' | 'plain';

/** A parsed label: B-PER is { kind: 'begin', type: 'PER' }. */
export interface Tag {
  readonly kind: TagKind;
  /** The entity's type: PER of B-PER, the whole label if it has no prefix, empty for O. */
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
  /** One tag per label, in the order of the labels. */
  readonly tags: readonly Tag[];
  readonly #kindsByType = new Map<string, Set<TagKind>>();

  constructor(labels: readonly string[]) {
    this.tags = labels.map(parseTag);
    for (const { kind, type } of this.tags)
      this.#kindsByType.set(type, (this.#kindsByType.get(type) ?? new Set()).add(kind));
  }

  /** Whether `next` may follow `previous`. A tag sequence counts as having OUTSIDE before and after it. */
  allows(previous: Tag, next: Tag): boolean {
    if (isOpen(previous) && continues(next) && previous.type === next.type) return true;
    return this.#mayEndEntity(previous) && this.#mayStartEntity(next);
  }

  /**
   * An entity whose type has a closing tag (E-X, L-X) ends only there. A lone B-X is the exception: it may end an
   * entity if the label set has no S-X or U-X for entities of one word.
   */
  #mayEndEntity({ kind, type }: Tag): boolean {
    if (!isOpen({ kind, type }) || !this.#has(type, 'end')) return true;
    return kind === 'begin' && !this.#has(type, 'single');
  }

  /** I-X and E-X start an entity only if the label set has no B-X. */
  #mayStartEntity(tag: Tag): boolean {
    return !continues(tag) || !this.#has(tag.type, 'begin');
  }

  #has(type: string, kind: TagKind): boolean {
    return this.#kindsByType.get(type)?.has(kind) ?? false;
  }
}

/** Whether the entity may go on after this tag. */
function isOpen({ kind }: Tag): boolean {
  return kind === 'begin' || kind === 'inside';
}

/** Whether this tag may continue the entity before it. */
function continues({ kind }: Tag): boolean {
  return kind === 'inside' || kind === 'end';
}
