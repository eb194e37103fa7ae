// recipe.json: its paths become absolute, and a refusal says where, what was expected and what was found.

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../dist/errors.js';
import { type ExportRequest, forDevice, readRecipe } from '../../dist/model/recipe.js';
import { temporaryFolder } from '../support/fixtures.js';

const work = temporaryFolder();
const folder = `${work}/news`;
mkdirSync(folder);
symlinkSync(folder, `${work}/link`);

function readDocument(document: unknown, through = folder): ExportRequest {
  writeFileSync(`${folder}/recipe.json`, JSON.stringify(document));
  return readRecipe(`${through}/recipe.json`);
}

describe('a recipe', () => {
  it('has its paths made absolute, and its options left as they are', () => {
    const options = {
      task: 'token',
      attention: 'bidirectional',
      bidirectionalFrom: 0,
      labels: ['O', 'B-X'],
      problemType: 'single',
      precision: 'auto',
      maxLength: 96,
      decoding: 'argmax',
      temperature: 1.5,
      thresholds: { O: 0.5 },
      reference: { labels: { X: 1 }, score: 0.9 },
    };
    expect(readDocument({ base: '../base.gguf', adapter: 'a', tokenizer: '/t', ...options })).toEqual({
      ...options,
      base: `${work}/base.gguf`,
      adapters: [`${folder}/a`],
      tokenizer: '/t',
    });
  });

  it('has one adapter, several, or none', () => {
    expect(readDocument({ base: 'b' }).adapters).toEqual([]);
    expect(readDocument({ base: 'b', adapter: ['x', 'y'] }).adapters).toEqual([`${folder}/x`, `${folder}/y`]);
  });

  it('that is reached through a link has paths relative to its own folder', () => {
    expect(readDocument({ base: 'b' }, `${work}/link`).base).toBe(`${folder}/b`);
  });

  it.each<[unknown, string]>([
    [{}, 'expected the key base, found none'],
    [{ base: 3 }, 'base: expected string, found 3'],
    [{ base: 'b', adapter: 3 }, 'adapter: expected string or array, found 3'],
    [{ base: 'b', labels: 'a,b' }, 'labels: expected array or object, found "a,b"'],
    [{ base: 'b', pooling: 'min' }, 'pooling: expected one of "last", "mean", "max", found "min"'],
    [{ base: 'b', bidirectionalFrom: -1 }, 'bidirectionalFrom: expected a number of at least 0, found -1'],
    [
      { base: 'b', adpter: 'a', maxLength: 0.5 },
      'expected no keys but base, adapter, tokenizer, tokenizerAsWritten, task, attention, bidirectionalFrom, pooling, labels, problemType, ' +
        'precision, maxLength, decoding, temperature, thresholds, reference, found adpter; maxLength: expected integer, found 0.5; maxLength: expected a number of at least 1, found 0.5',
    ],
  ])('%j is refused', (document, message) => {
    expect(() => readDocument(document)).toThrow(new UserError(`news/recipe.json: ${message}`));
  });

  it('is refused if it is not a JSON object', () => {
    expect(() => readDocument(['b'])).toThrow(
      new UserError('news/recipe.json: expected a JSON object, found ["b"]'),
    );
  });
});

describe('the precision auto', () => {
  const request = { base: 'b', adapters: [], precision: 'auto' };

  it('is int8 on a CPU and float16 on a GPU', () => {
    expect(forDevice(request, 'cpu').precision).toBe('int8');
    expect(forDevice(request, 'cuda:1').precision).toBe('float16');
  });

  it('is the default', () => {
    expect(forDevice({ base: 'b', adapters: [] }, 'cpu')).toEqual({
      base: 'b',
      adapters: [],
      precision: 'int8',
    });
  });

  it('leaves another precision as it is', () => {
    expect(forDevice({ ...request, precision: 'float32' }, 'cpu').precision).toBe('float32');
  });
});
