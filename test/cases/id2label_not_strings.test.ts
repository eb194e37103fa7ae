// Labels that are no strings, or not where an export looks first. What the user says comes before the config.

import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readLabels } from '../../dist/commands/labels.js';
import { readRecipe } from '../../dist/model/recipe.js';
import { lsllama } from '../support/cli.js';
import { ROOT, readJson, temporaryFolder } from '../support/fixtures.js';
import { planOf } from '../support/plan.js';

const CASE = join(ROOT, 'test/fixtures/cases/id2label_not_strings');
const request = { base: join(CASE, 'base'), adapters: [join(CASE, 'adapter')], precision: 'float32' };
const work = temporaryFolder();
let folders = 0;

/** The request with a base whose config has other fields. */
function withConfig(fields: object): typeof request {
  const base = join(work, `base${folders++}`);
  cpSync(request.base, base, { recursive: true });
  const config = readJson(join(base, 'config.json')) as object;
  writeFileSync(join(base, 'config.json'), JSON.stringify({ ...config, ...fields }));
  return { ...request, base };
}

const labelsOf = (fields: object, labels?: string[]) =>
  planOf({ ...withConfig(fields), ...(labels && { labels }) }).labels;

/** The labels in a file that is given with --labels. */
function labelsIn(content: unknown, name = 'labels.json'): string[] {
  const path = join(work, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return readLabels(path);
}

describe('the public case', () => {
  it('numbers in id2label become strings', () => {
    expect(planOf(request).labels).toEqual(['0', '1', '2']);
  });

  it('the labels of the user win', () => {
    expect(planOf({ ...request, labels: ['a', 'b', 'c'] }).labels).toEqual(['a', 'b', 'c']);
  });

  it('--labels takes a file with an id2label object', () => {
    expect(labelsIn({ 0: 'a', 1: 'b', 2: 'c' })).toEqual(['a', 'b', 'c']);
    const out = join(work, 'model');
    const flags = ['--base', request.base, '--adapter', request.adapters[0]!, '--precision', 'float32'];
    const labels = ['--labels', join(work, 'labels.json'), '--out', out, '--no-verify'];
    const { status, stderr } = lsllama(['export', ...flags, ...labels]);
    expect([status, stderr]).toEqual([0, expect.any(String)]);
    expect(readJson(join(out, 'model.json'))).toMatchObject({ labels: ['a', 'b', 'c'] });
  });
});

describe('id2label in the config', () => {
  it.each<[object, string[]]>([
    [{ id2label: { 0: true, 1: false, 2: 'x' } }, ['True', 'False', 'x']],
    [{ id2label: { 0: 0.5, 1: -1, 2: 'x' } }, ['0.5', '-1', 'x']],
    [{ id2label: { 2: 'c', 0: 'a', 1: 'b' } }, ['a', 'b', 'c']],
    // transformers reads keys as Python's int() does.
    [{ id2label: { '00': 'a', ' 1': 'b', '2': 'c' } }, ['a', 'b', 'c']],
    // As in transformers, id2label decides where label2id disagrees.
    [{ id2label: { 0: 'a', 1: 'b', 2: 'c' }, label2id: { x: 0, y: 1, z: 2 } }, ['a', 'b', 'c']],
  ])('%j', (fields, labels) => {
    expect(labelsOf(fields)).toEqual(labels);
  });

  it.each<[string, object, RegExp]>([
    // huggingface/transformers issue 18052: transformers refuses a list, too.
    ['a list', { id2label: ['a', 'b', 'c'] }, /id2label: expected an object of labels by row, found \["a"/],
    // neuml/txtai issue 647 and modelscope/ms-swift issue 9539: ids of labels that are not contiguous.
    [
      'a gap',
      { id2label: { 0: 'a', 2: 'b', 4: 'c' } },
      /id2label: expected a label.* 0 to 2, found none for row 1/,
    ],
    ['null', { id2label: { 0: 'a', 1: null, 2: 'c' } }, /found none for row 1/],
    ['a key that is empty', { id2label: { '': 'a', 1: 'b', 2: 'c' } }, /found none for row 0/],
    ['fewer rows than the head', { id2label: { 0: 'a', 1: 'b' } }, /labels: expected 3,.* found 2: a, b/],
    [
      'more rows than the head',
      { id2label: { 0: 1, 1: 2, 2: 3, 3: 4 } },
      /expected 3,.* found 4: 1, 2, 3, 4/,
    ],
    ['numbers that are strings as well', { id2label: { 0: 1, 1: '1', 2: 2 } }, /"1" stands twice/],
    // transformers would name them LABEL_0 and so on.
    ['only the number of labels', { id2label: undefined, num_labels: 3 }, /found none in the base.*--labels/],
  ])('%s is refused, unless the user names the labels', (_, fields, message) => {
    expect(() => labelsOf(fields)).toThrow(message);
    expect(labelsOf(fields, ['x', 'y', 'z'])).toEqual(['x', 'y', 'z']);
  });

  it('problem_type is not judged either where the user gives one', () => {
    const asked = withConfig({ problem_type: 'sentiment' });
    expect(() => planOf(asked)).toThrow(/problem_type: expected one of .*found "sentiment"/);
    expect(planOf({ ...asked, problemType: 'multi' }).problemType).toBe('multi');
  });
});

describe('--labels', () => {
  it.each<[string, unknown, string[]]>([
    ['a list of numbers', [0, 1, 2], ['0', '1', '2']],
    // huggingface/pytorch-image-models issue 2080: label2id, which has to be turned round.
    ['label2id', { neg: 0, pos: 2, neutral: 1 }, ['neg', 'neutral', 'pos']],
    // huggingface/transformers issue 2487: labels that are in another config than the base's.
    ['a config.json', { model_type: 'llama', id2label: { 1: 'b', 0: 'a' }, label2id: null }, ['a', 'b']],
    ['a config.json with label2id only', { model_type: 'llama', label2id: { a: 1, b: 0 } }, ['b', 'a']],
    ['stars by row', { 0: 5, 1: 3, 2: 1 }, ['5', '3', '1']],
    ['rows by stars', { 5: 0, 3: 1, 1: 2 }, ['5', '3', '1']],
    ['numbers that mean the same both ways', { 0: 1, 1: 0, 2: 2 }, ['1', '0', '2']],
  ])('takes a file with %s', (_, content, labels) => {
    expect(labelsIn(content)).toEqual(labels);
  });

  it('takes a text file with a label on each line', () => {
    expect(labelsIn('World\r\nSports\r\nSci/Tech, Science\r\n', 'labels.txt')).toEqual([
      'World',
      'Sports',
      'Sci/Tech, Science',
    ]);
  });

  it('takes a file that begins with a byte order mark', () => {
    expect(labelsIn('\uFEFF["a", "b"]')).toEqual(['a', 'b']);
  });

  it('takes JSON on the command line', () => {
    expect(readLabels('{"0": "a", "1": "b,c"}')).toEqual(['a', 'b,c']);
    expect(readLabels(' ["a", true]')).toEqual(['a', 'True']);
    expect(readLabels('a, b,c')).toEqual(['a', 'b', 'c']);
  });

  it.each<[string, unknown, RegExp]>([
    ['numbers that can be read either way', { 0: 1, 1: 2, 2: 0 }, /numbers on both sides.*either way/],
    ['a gap', { 0: 'a', 2: 'b' }, /expected a JSON list of labels, an object .*found \{"0":"a","2":"b"\}/],
    ['ids that repeat', { a: 0, b: 0 }, /expected a JSON list of labels/],
    ['lists of lists', [['a'], ['b']], /expected a JSON list of labels/],
    ['a config.json without labels', { model_type: 'llama' }, /or a config\.json with id2label/],
    ['a word', '"a"', /found "a"/],
    ['no JSON', 'a,b', /--labels .*labels\.json: .*JSON/],
  ])('refuses a file with %s', (_, content, message) => {
    expect(() => labelsIn(content)).toThrow(message);
  });

  it('refuses a file that is not there', () => {
    expect(() => readLabels('missing.txt')).toThrow('--labels missing.txt: no such file');
  });
});

describe('labels in a recipe', () => {
  function labelsOfRecipe(labels: unknown) {
    writeFileSync(join(work, 'recipe.json'), JSON.stringify({ base: 'b', labels }));
    return readRecipe(join(work, 'recipe.json')).labels;
  }

  it('are a list or an object', () => {
    expect(labelsOfRecipe(['a', 1])).toEqual(['a', '1']);
    expect(labelsOfRecipe({ 0: 'a', 1: 'b' })).toEqual(['a', 'b']);
    expect(labelsOfRecipe({ a: 1, b: 0 })).toEqual(['b', 'a']);
    expect(() => labelsOfRecipe({ 0: 'a', 5: 'b' })).toThrow(/recipe\.json: labels: expected a JSON list/);
  });
});
