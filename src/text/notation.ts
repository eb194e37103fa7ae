// How a label set writes its tags: which part of a label is the marker of a tagging scheme (the B of B-PER), which part
// is the entity's type, and which labels are outside of all entities. It is read once, from the whole set of labels,
// because a single label does not tell: E-MAIL is a type in one set and the end of an entity MAIL in another.

export type TagKind = 'outside' | 'begin' | 'inside' | 'end' | 'single' | 'plain';

/** A parsed label: B-PER is { kind: 'begin', type: 'PER' }. */
export interface Tag {
  readonly kind: TagKind;
  /** The entity's type: PER of B-PER, `_` of a bare B as in seqeval, the whole label if it has no marker. */
  readonly type: string;
}

export const OUTSIDE: Tag = { kind: 'outside', type: '' };

export const MARKER_POSITION = { enum: ['prefix', 'suffix', 'none'] } as const;

export interface Notation {
  /** Where the marker stands: before the type in B-PER, after it in PER-B; `none` where labels are only types. */
  readonly marker: (typeof MARKER_POSITION.enum)[number];
  /** The character between marker and type. Empty where no label has both. */
  readonly separator: string;
  /** The labels of words that belong to no entity. */
  readonly outside: readonly string[];
}

/** The markers of the schemes IOB1, IOB2, IOE, BIOES, BILOU, BMES and BMEWO. */
const KINDS: Readonly<Record<string, TagKind>> = {
  B: 'begin',
  I: 'inside',
  M: 'inside',
  E: 'end',
  L: 'end',
  S: 'single',
  U: 'single',
  W: 'single',
};

export const SCHEME_MARKERS = Object.keys(KINDS);

/** The type of a marker without one (B, B-), as seqeval's get_entities names it. */
const UNTYPED = '_';

/** Dashes, connectors such as _, other punctuation than brackets and quotes, symbols, and spaces. */
const SEPARATOR = /^[\p{Pd}\p{Pc}\p{Po}\p{S}\p{Zs}]$/u;

/** Names of the outside label. `other` is one only in a set that has none of the first names. */
const OUTSIDE_NAMES = /^(o|out|outside|none|null|nil|not?[-_ ]?entity|non[-_ ]?entity|background)$/i;
const OTHER_NAMES = /^(others?|0|-|_)$/i;
/** Labels that token classifiers have for special tokens and for later sub-tokens of a word: [CLS], <pad>, X. */
const SPECIAL_NAMES = /^(\[.+\]|<.+>|x|pad|cls|sep)$/i;

/** Reads the notation of a label set. Every set has one: labels without a scheme are types, which join while they repeat. */
export function readNotation(labels: readonly string[]): Notation {
  const best = candidates(labels)
    .filter(notation => isScheme(labels, notation))
    .map(notation => ({ notation, unmarked: labels.filter(label => !splitLabel(label, notation)) }))
    .sort((a, b) => a.unmarked.length - b.unmarked.length)[0];
  if (!best) return { marker: 'none', separator: '', outside: outsideOf(labels) };
  const { notation, unmarked } = best;
  const outside = unmarked.length === 1 ? unmarked : outsideOf(unmarked, SPECIAL_NAMES);
  return { ...notation, separator: isBare(labels, notation) ? '' : notation.separator, outside };
}

/** The tag that a label stands for. */
export function parseTag(label: string, notation: Notation): Tag {
  if (notation.outside.includes(label)) return OUTSIDE;
  const parts = splitLabel(label, notation);
  return parts ? { kind: KINDS[parts.marker]!, type: parts.type } : { kind: 'plain', type: label };
}

type Marking = Pick<Notation, 'marker' | 'separator'>;

/** Every way to read the labels: a marker before or behind each separator that is there. */
function candidates(labels: readonly string[]): Marking[] {
  const characters = labels.flatMap(label => [label[1] ?? '', label.at(-2) ?? '']);
  const separators = new Set(['-', ...characters.filter(character => SEPARATOR.test(character))]);
  const markers = ['prefix', 'suffix'] as const;
  return markers.flatMap(marker => [...separators].map(separator => ({ marker, separator })));
}

/**
 * Whether labels can be read as tags of a scheme: B or I is among the markers, without which there is no scheme, and
 * most labels have a marker, apart from those that are outside by their names.
 */
function isScheme(labels: readonly string[], marking: Marking): boolean {
  const parts = labels.map(label => splitLabel(label, marking));
  const marked = parts.filter(found => found !== undefined);
  const outside = outsideOf(
    labels.filter((_, i) => !parts[i]),
    SPECIAL_NAMES,
  );
  return (
    marked.some(({ marker }) => marker === 'B' || marker === 'I') &&
    marked.length > (labels.length - outside.length) / 2
  );
}

/** A label as marker, in upper case, and type; undefined where it has no marker. */
export function splitLabel(
  label: string,
  { marker: position, separator }: Marking,
): { readonly marker: string; readonly type: string } | undefined {
  if (position === 'none') return undefined;
  if (label.length === 1) return markerOf(label, '');
  if (separator === '') return undefined;
  return position === 'prefix'
    ? label[1] === separator
      ? markerOf(label[0]!, label.slice(2))
      : undefined
    : label.at(-2) === separator
      ? markerOf(label.at(-1)!, label.slice(0, -2))
      : undefined;
}

function markerOf(letter: string, type: string) {
  const marker = letter.toUpperCase();
  return marker in KINDS ? { marker, type: type || UNTYPED } : undefined;
}

/** Whether every label with a marker is the marker alone. */
function isBare(labels: readonly string[], marking: Marking): boolean {
  return labels.every(label => label.length === 1 || !splitLabel(label, marking));
}

/** The labels that are outside by their names: O and its like, and those that match `more`. */
function outsideOf(labels: readonly string[], more?: RegExp): string[] {
  const named = labels.filter(label => OUTSIDE_NAMES.test(label));
  const main = named.length > 0 ? named : labels.filter(label => OTHER_NAMES.test(label));
  return labels.filter(label => main.includes(label) || more?.test(label));
}
