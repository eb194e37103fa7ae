// Label sets as users write them: what is read from them, and the entities of their tags as seqeval counts them.

import { describe, expect, it } from 'vitest';
import { parseTag, readNotation } from '../../dist/text/notation.js';
import { notationNotes } from '../../dist/text/notationText.js';
import { entityReport } from '../../dist/text/score.js';
import { ROOT, readJson } from '../support/fixtures.js';

interface Case {
  readonly labels: string[];
  /** Sequences divided by spaces; each character is the row of a word's label in base 36. */
  readonly gold: string;
  readonly predicted: string;
  readonly report: Record<string, Record<'precision' | 'recall' | 'f1-score' | 'support', number>>;
}

const cases = readJson(`${ROOT}/test/fixtures/schemes/schemes.json`) as Record<string, Case>;

describe('entities of 1,000 random tag sequences are those of seqeval', () => {
  it.each(Object.entries(cases))('%s', (_, { labels, gold, predicted, report }) => {
    const notation = readNotation(labels);
    const read = (text: string) =>
      text
        .split(' ')
        .map(rows => [...rows].map(row => parseTag(labels[Number.parseInt(row, 36)]!, notation)));
    const predictedTags = read(predicted);
    const pairs = read(gold).map((tags, i) => [tags, predictedTags[i]!] as const);
    expect(pairs).toHaveLength(1000);
    const found = entityReport(pairs);
    expect(Object.keys(found.labels)).toEqual(Object.keys(report).filter(label => label !== 'micro avg'));
    for (const [label, expected] of Object.entries(report)) {
      const scores = label === 'micro avg' ? found : found.labels[label]!;
      expect(scores.support).toBe(expected.support);
      expect(scores.precision).toBeCloseTo(expected.precision, 12);
      expect(scores.recall).toBeCloseTo(expected.recall, 12);
      expect(scores.f1).toBeCloseTo(expected['f1-score'], 12);
    }
  });
});

/** The tags of a label set, each as the first letter of its kind and its type. */
function tagsOf(labels: string): string {
  const list = labels.split(' ');
  const notation = readNotation(list);
  return list
    .map(label => parseTag(label, notation))
    .map(({ kind, type }) => (kind === 'outside' ? '.' : `${kind}:${type}`))
    .join(' ');
}

describe('reads a label set as a whole', () => {
  it.each([
    // A type may be named O: huggingface/transformers issue 30028.
    ['O B-O I-O B-T I-T', '. begin:O inside:O begin:T inside:T'],
    // Markers alone: chakki-works/seqeval issue 46.
    ['I O B', 'inside:_ . begin:_'],
    // Résumé data in BMES: jiesutd/LatticeLSTM issue 17.
    ['O M-ORG E-ORG B-ORG B-LOC E-LOC', '. inside:ORG end:ORG begin:ORG begin:LOC end:LOC'],
    // The type is missing, which seqeval's get_entities names `_`.
    ['O B- I-', '. begin:_ inside:_'],
    ['O -B -I PER-B PER-I', '. begin:_ inside:_ begin:PER inside:PER'],
    ['O B-_ I-_', '. begin:_ inside:_'],
    // Any separator.
    ['O B#PER I#PER', '. begin:PER inside:PER'],
    ['O PER~B PER~I', '. begin:PER inside:PER'],
    ['O B\u2013PER I\u2013PER', '. begin:PER inside:PER'],
    // Only I-: huggingface/transformers issue 4262.
    ['O I-MISC I-PER', '. inside:MISC inside:PER'],
    // No markers: huggingface/transformers issue 13325, BritishGeologicalSurvey/geo-ner-model issue 1.
    ['O PER LOC', '. plain:PER plain:LOC'],
    ['LEXICON O', 'plain:LEXICON .'],
    // Parts of speech: chakki-works/seqeval issue 75.
    ['ADJ CONJ VERB X', 'plain:ADJ plain:CONJ plain:VERB plain:X'],
    ['o b-per i-per', '. begin:per inside:per'],
    ['PER_B PER_I O', 'begin:PER inside:PER .'],
    ['B-org-company I-org-company O', 'begin:org-company inside:org-company .'],
    ['B_2 I_2 OUTSIDE', 'begin:2 inside:2 .'],
    ['O B-E I-E B-S I-S', '. begin:E inside:E begin:S inside:S'],
    ['O S-B S-I E-B E-I', '. begin:S inside:S begin:E inside:E'],
    ['O E-MAIL PHONE NAME', '. plain:E-MAIL plain:PHONE plain:NAME'],
    ['O S-PER L-PER', '. plain:S-PER plain:L-PER'],
    ['O B-TYPE C-TYPE D-TYPE', '. plain:B-TYPE plain:C-TYPE plain:D-TYPE'],
    ['[PAD] O B-PER I-PER X [CLS] [SEP]', '. . begin:PER inside:PER . . .'],
    ['O B-PER I-PER B-LOC I-LOC MISC', '. begin:PER inside:PER begin:LOC inside:LOC plain:MISC'],
    ['B-PER I-PER', 'begin:PER inside:PER'],
    ['B M E S', 'begin:_ inside:_ end:_ single:_'],
    ['none B-A I-A L-A U-A', '. begin:A inside:A end:A single:A'],
    ['S V O', 'plain:S plain:V .'],
  ])('%s', (labels, expected) => {
    expect(tagsOf(labels)).toBe(expected);
  });
});

describe('says in words', () => {
  const say = (labels: string) => {
    const list = labels.split(' ');
    return notationNotes(list, readNotation(list));
  };
  it('how the labels were read', () => {
    expect(say('O B-PER I-PER')).toEqual(['labels: markers B, I before the type (B-PER); outside: O']);
    expect(say('O PER_b PER_i')).toEqual(['labels: markers B, I after the type (PER_b); outside: O']);
    expect(say('O B I')).toEqual(['labels: markers B, I without types; outside: O']);
    expect(say('O PER LOC')).toEqual(['labels: types without markers; outside: O']);
  });
  it.each([
    ['B-PER I-PER', /no label was found to be the outside one/],
    ['O B-PER I-PER MISC', /^labels: MISC: expected a marker/],
    ['O B-PER I-PER I-LOC', /^labels: I-LOC: other types have a label that begins an entity/],
    ['O B-TYPE C-TYPE D-TYPE', /^labels: B-TYPE: most labels have no marker/],
  ])('what may be meant in another way: %s', (labels, warning) => {
    const [, ...warnings] = say(labels);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(warning);
  });
});
