// The tagging scheme of a label set: which tags open, continue or close an entity, and which may follow which.
// IOB1, IOB2, IOE, BIOES, BILOU and BMES are told apart by the markers in the label set.

import { type Notation, parseTag, type Tag, type TagKind } from './notation.js';

/** The rules of one label set. */
export class Scheme {
  readonly labels: readonly string[];
  /** One tag per label, in the order of the labels. */
  readonly tags: readonly Tag[];
  /** The label of a word that has no token. O where the set has no outside label. */
  readonly outsideLabel: string;
  readonly #kindsByType = new Map<string, Set<TagKind>>();

  constructor(labels: readonly string[], notation: Notation) {
    this.labels = labels;
    this.tags = labels.map(label => parseTag(label, notation));
    this.outsideLabel = notation.outside[0] ?? 'O';
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
