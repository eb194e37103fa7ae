// The parts of a training run that need no model: batches, labels, random numbers, schedules, files.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDecoderConfig } from '../../dist/checkpoint/families.js';
import { openSafetensors } from '../../dist/checkpoint/safetensors.js';
import { safetensorsBytes } from '../../dist/checkpoint/safetensorsWriter.js';
import { epochBatches, evenRunsOf, evenSharesOf } from '../../dist/train/batches.js';
import { Dropout } from '../../dist/train/dropout.js';
import { labelsIn } from '../../dist/train/labels.js';
import { checkMemory } from '../../dist/train/memory.js';
import { workersFor } from '../../dist/train/passes.js';
import { Random } from '../../dist/train/random.js';
import { shareAt } from '../../dist/train/schedule.js';
import { ROOT, readJson, temporaryFolder } from '../support/fixtures.js';

const work = temporaryFolder();

describe('batches', () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 300 });

  it('hold every example once, and no more tokens than are allowed unless one example has more', () => {
    fc.assert(
      fc.property(
        lengths,
        fc.integer({ min: 1, max: 400 }),
        fc.nat(),
        fc.nat(5),
        (given, tokens, seed, epoch) => {
          const batches = epochBatches(given, tokens, seed, epoch);
          expect(batches.flat().sort((a, b) => a - b)).toEqual(given.map((_, i) => i));
          for (const batch of batches) {
            const sum = batch.reduce((total, i) => total + given[i]!, 0);
            expect(batch.length === 1 || sum <= tokens).toBe(true);
          }
        },
      ),
    );
  });

  it('are dealt out to shares with nearly the same number of tokens', () => {
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 9 }), (given, count) => {
        const shares = evenSharesOf(given, length => length, count);
        expect(shares.flat().sort()).toEqual([...given].sort());
        const sums = shares.map(share => share.reduce((total, length) => total + length, 0));
        const least = shares.length < count ? 0 : Math.min(...sums);
        expect(Math.max(...sums) - least).toBeLessThanOrEqual(Math.max(...given));
      }),
    );
  });

  it('are split into runs with nearly the same number of tokens', () => {
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 9 }), (given, count) => {
        const runs = evenRunsOf(given, length => length, count);
        expect(runs.flat()).toEqual(given);
        expect(runs.length).toBeLessThanOrEqual(count);
        const even = given.reduce((total, length) => total + length, 0) / count;
        for (const run of runs) {
          const sum = run.reduce((total, length) => total + length, 0);
          expect(Math.abs(sum - even)).toBeLessThanOrEqual(Math.max(...given));
        }
      }),
    );
  });

  it('are the same for the same seed and epoch, and others in another epoch', () => {
    const given = Array.from({ length: 200 }, (_, i) => (7 * i) % 50);
    expect(epochBatches(given, 256, 1, 0)).toEqual(epochBatches(given, 256, 1, 0));
    expect(epochBatches(given, 256, 1, 0)).not.toEqual(epochBatches(given, 256, 1, 1));
    expect(epochBatches(given, 256, 1, 0)).not.toEqual(epochBatches(given, 256, 2, 0));
  });
});

describe('workers', () => {
  it.each([
    [1024, 2, { count: 2, threads: 1 }],
    [1024, 16, { count: 4, threads: 4 }],
    [100, 4, { count: 1, threads: 4 }],
    [512, 7, { count: 1, threads: 7 }],
    [1024, 14, { count: 3, threads: 4 }],
    [1024, 6, { count: 3, threads: 2 }],
    [8192, 1, { count: 1, threads: 1 }],
  ])('of a step of %i tokens on %i cores', (tokens, cores, shape) => {
    expect(workersFor(tokens, cores)).toEqual(shape);
  });
});

describe('labels', () => {
  const of = (...labels: string[]) => [{ where: '', text: 'a', labels, isMulti: false }];

  it('of texts are sorted', () => {
    expect(labelsIn(of('b', 'a', 'b', 'C'), 'sequence')).toEqual(['C', 'a', 'b']);
  });

  it('that are whole numbers are sorted by number, so that a row of the head is the class of this number', () => {
    expect(labelsIn(of('10', '2', '0', '1'), 'sequence')).toEqual(['0', '1', '2', '10']);
  });

  it('of words begin with those outside of entities, and have the tags of a type together', () => {
    expect(labelsIn(of('I-PER', 'B-PER', 'O', 'I-LOC', 'B-LOC'), 'token')).toEqual([
      'O',
      'B-LOC',
      'I-LOC',
      'B-PER',
      'I-PER',
    ]);
  });
});

describe('random numbers', () => {
  it('depend on the seed and on what they are for, and on nothing else', () => {
    const first = (...from: ConstructorParameters<typeof Random>) => new Random(...from).uniform();
    expect(first(1, 'a', 2)).toBe(first(1, 'a', 2));
    expect(new Set([first(1, 'a', 2), first(2, 'a', 2), first(1, 'b', 2), first(1, 'a', 3)]).size).toBe(4);
  });

  it('are uniform, and normal', () => {
    const random = new Random(3);
    const uniform = Array.from({ length: 40_000 }, () => random.uniform());
    const normal = Array.from({ length: 40_000 }, () => random.normal());
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(uniform.every(value => value >= 0 && value < 1)).toBe(true);
    // Ten standard deviations of the means.
    expect(Math.abs(mean(uniform) - 0.5)).toBeLessThan(0.015);
    expect(Math.abs(mean(normal))).toBeLessThan(0.05);
    expect(Math.abs(mean(normal.map(value => value ** 2)) - 1)).toBeLessThan(0.08);
  });

  it('a mask has zeros with the given share', () => {
    const mask = new Dropout(0.1).mask(100_000, new Random(4));
    const zeros = mask.filter(value => value === 0).length;
    expect(Math.abs(zeros - 10_000)).toBeLessThan(1000);
    expect(mask.every(value => value === 0 || value === 1)).toBe(true);
  });
});

describe('the learning rate', () => {
  it('rises, then falls in a line or in a cosine', () => {
    const shares = (schedule: 'linear' | 'cosine') =>
      [0, 1, 2, 4, 6, 8].map(step => shareAt(schedule, step, 10, 2));
    expect(shares('linear')).toEqual([0, 0.5, 1, 0.75, 0.5, 0.25]);
    expect(shares('cosine').map(share => Number(share.toFixed(4)))).toEqual([0, 0.5, 1, 0.8536, 0.5, 0.1464]);
  });
});

it('tensors that are written are read back', async () => {
  const tensors = new Map([
    ['a', { shape: [2, 3], values: Float32Array.from([1, -2, 3.5, 0, 1e-30, 7]) }],
    ['empty', { shape: [0], values: new Float32Array(0) }],
    ['b.é', { shape: [1], values: Float32Array.of(Number.POSITIVE_INFINITY) }],
  ]);
  const path = join(work, 'written.safetensors');
  writeFileSync(path, safetensorsBytes(tensors));
  const source = openSafetensors(path);
  for (const [name, { shape, values }] of tensors) {
    expect(source.tensors.get(name)!.shape).toEqual(shape);
    expect(await source.read(name)).toEqual(values);
  }
  source.close();
});

describe('memory', () => {
  const config = readJson(join(ROOT, 'test/fixtures/matrix/bases/llama/config.json')) as object;
  const decoder = parseDecoderConfig(config as Parameters<typeof parseDecoderConfig>[0], 'config.json');

  const size = { workers: 2, passTokens: 256, maxLength: 64, trainedValues: 1e4, isEvaluated: false };

  it('a small base can be trained', () => {
    expect(() => checkMemory(decoder, size)).not.toThrow();
  });

  it('one that no machine has room for is refused before it is read', () => {
    expect(() => checkMemory({ ...decoder, layers: 1e9 }, size)).toThrow(
      /^training this base takes \d+\.\d GB of memory, and \d+\.\d GB can be used/,
    );
  });
});
