// A label set's notation in words, for the people who export and inspect taggers.

import { type Notation, parseTag, readNotation, SCHEME_MARKERS, splitLabel } from './notation.js';

/** Lines for the user of an export: how the labels were read, and what may not be read as it was meant. */
export function notationNotes(labels: readonly string[], notation: Notation): string[] {
  return [notationText(labels, notation), ...notationWarnings(labels, notation)].map(
    line => `labels: ${line}`,
  );
}

/** How the labels were read: `markers B, I before the type (B-PER); outside: O`. */
export function notationText(labels: readonly string[], notation: Notation): string {
  const outside =
    notation.outside.length > 0 ? `outside: ${notation.outside.join(', ')}` : 'no outside label';
  return `${markersText(labels, notation)}; ${outside}`;
}

/** What may not be read as it was meant, one sentence each. */
function notationWarnings(labels: readonly string[], notation: Notation): string[] {
  const warnings: string[] = [];
  const tags = labels.map(label => parseTag(label, notation));
  const plain = labels.filter((_, row) => tags[row]!.kind === 'plain');
  const isScheme = notation.marker !== 'none';
  if (notation.outside.length === 0) {
    warnings.push('no label was found to be the outside one (O), so every word is read as part of an entity');
  }
  if (isScheme && plain.length > 0) {
    warnings.push(
      `${plain.join(', ')}: expected a marker as in the other labels, found none: read as a type, whose words join while it repeats`,
    );
  }
  const lookalikes = isScheme ? [] : plain.filter(label => readNotation([label, 'O']).marker !== 'none');
  if (lookalikes.length > 0) {
    warnings.push(
      `${lookalikes.join(', ')}: most labels have no marker of a tagging scheme, so this is read as a type, not as a marker and a type`,
    );
  }
  const begun = new Set(tags.filter(({ kind }) => kind === 'begin').map(({ type }) => type));
  const unbegun = labels.filter((_, row) => tags[row]!.kind === 'inside' && !begun.has(tags[row]!.type));
  if (begun.size > 0 && unbegun.length > 0) {
    warnings.push(
      `${unbegun.join(', ')}: other types have a label that begins an entity, this has none. ` +
        'Where the labels are IOB1, in which I begins entities as well, choose the decoding argmax',
    );
  }
  return warnings;
}

function markersText(labels: readonly string[], notation: Notation): string {
  const found = labels.flatMap(label => splitLabel(label, notation) ?? []);
  if (found.length === 0) return 'types without markers';
  const markers = SCHEME_MARKERS.filter(letter => found.some(({ marker }) => marker === letter)).join(', ');
  const example = labels.find(label => label.length > 1 && splitLabel(label, notation));
  if (example === undefined) return `markers ${markers} without types`;
  return `markers ${markers} ${notation.marker === 'prefix' ? 'before' : 'after'} the type (${example})`;
}
