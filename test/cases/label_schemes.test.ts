// Taggers whose labels are written otherwise than B-PER and I-PER. Each is a merged tagger of one layer whose word `a` has
// the first label, `b` the second, and so on.

import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { withModel } from '../../dist/commands/offline.js';
import { exportModel } from '../../dist/model/export.js';
import { readManifest } from '../../dist/model/manifest.js';
import { encodeWords } from '../../dist/predictor/encode.js';
import { UNHURRIED } from '../../dist/predictor/model.js';
import { tag } from '../../dist/predictor/tag.js';
import { readNotation } from '../../dist/text/notation.js';
import { lsllama } from '../support/cli.js';
import { exportCheckpoint, ROOT, temporaryFolder } from '../support/fixtures.js';

const FIXTURE = `${ROOT}/test/fixtures/cases/label_schemes`;
const work = temporaryFolder();

interface Answer {
  readonly tags: string[];
  readonly entities: { readonly label: string; readonly start_word: number; readonly end_word: number }[];
}

function run(...args: string[]) {
  const { status, stdout, stderr } = lsllama(args);
  expect(status, stderr).toBe(0);
  return { stdout, stderr };
}

function predict(model: string, words: string, ...options: string[]): Answer {
  const input = `${model}.jsonl`;
  writeFileSync(input, `${JSON.stringify({ tokens: words.split(' ') })}\n`);
  return JSON.parse(run('predict', model, '--input', input, ...options).stdout) as Answer;
}

const spans = ({ entities }: Answer) =>
  entities.map(({ label, start_word, end_word }) => `${label} ${start_word} ${end_word}`);

describe.each([
  {
    base: 'bmes',
    words: 'b c c d a e b d',
    tags: 'B-NAME M-NAME M-NAME E-NAME O S-NAME B-NAME E-NAME',
    expected: ['NAME 0 4', 'NAME 5 6', 'NAME 6 8'],
    notes: ['labels: markers B, M, E, S before the type (B-NAME); outside: O'],
  },
  {
    base: 'bio_untyped',
    words: 'b c c a b b c',
    tags: 'B I I O B B I',
    expected: ['_ 0 3', '_ 4 5', '_ 5 7'],
    notes: ['labels: markers B, I without types; outside: O'],
  },
  {
    base: 'underscore',
    words: 'b c c a b b c',
    tags: 'B_PER I_PER I_PER O B_PER B_PER I_PER',
    expected: ['PER 0 3', 'PER 4 5', 'PER 5 7'],
    notes: ['labels: markers B, I before the type (B_PER); outside: O'],
  },
  {
    base: 'underscore',
    labels: ['none', 'per-b', 'per-i'],
    words: 'b c c a b b c',
    tags: 'per-b per-i per-i none per-b per-b per-i',
    expected: ['per 0 3', 'per 4 5', 'per 5 7'],
    notes: ['labels: markers B, I after the type (per-b); outside: none'],
  },
  {
    base: 'underscore',
    labels: ['I-PER', 'B-PER', 'B-LOC'],
    words: 'b a a c b',
    tags: 'B-PER I-PER I-PER B-LOC B-PER',
    expected: ['PER 0 3', 'LOC 3 4', 'PER 4 5'],
    notes: [
      'labels: markers B, I before the type (I-PER); no outside label',
      'labels: no label was found to be the outside one (O), so every word is read as part of an entity',
    ],
  },
])('$base with the labels $labels', ({ base, labels, words, tags, expected, notes }) => {
  const folder = `${work}/${base}-${labels?.join('-') ?? ''}`;
  const lines: string[] = [];
  const request = {
    base: `${FIXTURE}/${base}`,
    adapters: [],
    attention: 'causal' as const,
    precision: 'float32',
    ...(labels && { labels }),
  };

  it('is exported with lines that say how the labels were read', async () => {
    await exportModel(request, folder, { onNote: line => lines.push(line) });
    expect(lines).toEqual(notes);
    expect(run('inspect', folder).stdout).toContain(`note          ${notes[0]}\n`);
    expect(readManifest(folder).scheme).toBeDefined();
  });

  it('has the tags and the entities that the words say, in both decodings', () => {
    for (const decoding of ['valid', 'argmax']) {
      const answer = predict(folder, words, '--decoding', decoding);
      expect(answer.tags.join(' ')).toBe(tags);
      expect(spans(answer)).toEqual(expected);
    }
  });

  it('is evaluated on gold tags written in its own way', () => {
    const data = `${folder}-gold.jsonl`;
    writeFileSync(data, `${JSON.stringify({ tokens: words.split(' '), tags: tags.split(' ') })}\n`);
    const { stdout, stderr } = run('eval', folder, data, '--json');
    expect(JSON.parse(stdout)).toMatchObject({ f1: 1, support: expected.length });
    expect(stderr).not.toContain('gold tags');
  });
});

it('evaluates on gold tags that are written in another way, and says so', () => {
  const data = `${work}/gold.jsonl`;
  const line = {
    tokens: 'b c c a b b c'.split(' '),
    tags: 'B-PER I-PER I-PER O B-PER B-PER I-PER'.split(' '),
  };
  writeFileSync(data, `${JSON.stringify(line)}\n`);
  const { stdout, stderr } = run('eval', `${work}/underscore-`, data, '--json');
  expect(JSON.parse(stdout)).toMatchObject({ f1: 1, support: 3 });
  expect(stderr).toContain(
    'gold tags that the model does not have: B-PER, I-PER; read as markers B, I before the type (B-PER); outside: O',
  );
});

/** Label sets of public reports. The words stand for the labels in their order. */
const REPORTS: readonly [thread: string, labels: string, text: string, entities: string[]][] = [
  [
    'elastic/elasticsearch pull 87091: underscores',
    'O B_MISC I_MISC B_PER I_PER',
    'b c a d e d',
    ['MISC 0 2', 'PER 3 5', 'PER 5 6'],
  ],
  [
    'chakki-works/seqeval pull 1: the marker at the end',
    'F-B F-I Ac-B Ac-I O',
    'a b e c d a',
    ['F 0 2', 'Ac 3 5', 'F 5 6'],
  ],
  [
    'flairNLP/flair issue 1268: BILOU',
    'O B-PER I-PER L-PER U-PER',
    'b c d a e b d',
    ['PER 0 3', 'PER 4 5', 'PER 5 7'],
  ],
  [
    'huggingface/transformers issue 23206: types with hyphens',
    'O B-tax-percent I-tax-percent B-tax-amount I-tax-amount',
    'b c d e a b',
    ['tax-percent 0 2', 'tax-amount 2 4', 'tax-percent 5 6'],
  ],
  [
    'huggingface/transformers issue 13325: no markers',
    'O LOC PER MISC ORG',
    'c c a b e e',
    ['PER 0 2', 'LOC 3 4', 'ORG 4 6'],
  ],
  [
    'huggingface/transformers issue 4262: I alone',
    'O I-MISC I-PER I-ORG I-LOC',
    'c c a e d d',
    ['PER 0 2', 'LOC 3 4', 'ORG 4 6'],
  ],
  [
    'huggingface/transformers issue 30028: a type named O',
    'O B-O I-O B-P I-P',
    'b c a d e',
    ['O 0 2', 'P 3 5'],
  ],
  [
    'macanv/BERT-BiLSTM-CRF-NER issue 269: [CLS] predicted for a word',
    'O [CLS] B-P I-P S-C',
    'b c d b a e',
    ['P 1 3', 'C 5 6'],
  ],
  ['chakki-works/seqeval issue 67: no types', 'O B I', 'a a b c c c c a', ['_ 2 7']],
];

describe('label sets of public reports', () => {
  it.each(REPORTS)('%s', async (_, labels, text, entities) => {
    const names = labels.split(' ');
    const words = text.split(' ');
    const folder = `${work}/${names.length === 3 ? 'bio_untyped' : 'bmes'}-`;
    const [tagging] = await withModel(folder, { cache: work, device: 'cpu' }, model => {
      const manifest = { ...model.manifest, labels: names, scheme: readNotation(names) };
      return tag({ ...model, manifest }, [encodeWords(model, words)], UNHURRIED);
    });
    expect(tagging!.tags).toEqual(words.map(word => names['abcde'.indexOf(word)]));
    expect(
      tagging!.entities.map(({ label, startWord, endWord }) => `${label} ${startWord} ${endWord}`),
    ).toEqual(entities);
  });
});

it('a decoding for a classifier is refused', async () => {
  const classifier = await exportCheckpoint('ls_llama_seq', work);
  await expect(exportCheckpoint('ls_llama_seq', `${work}/other`, { decoding: 'argmax' })).rejects.toThrow(
    'decoding: expected none, found argmax',
  );
  const { status, stderr } = lsllama(['predict', classifier, '--decoding', 'argmax'], '{"text":"a"}');
  expect(status).toBe(1);
  expect(stderr).toContain('--decoding argmax: expected an entity tagger, found the classifier ls_llama_seq');
});
