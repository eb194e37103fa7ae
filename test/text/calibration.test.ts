// Calibration error, likelihood and the best temperature compared with those that NumPy computes.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readNotation } from '../../dist/text/notation.js';
import { softmax } from '../../dist/text/probabilities.js';
import { coverageByThreshold, reliability } from '../../dist/text/reliability.js';
import { Scheme } from '../../dist/text/scheme.js';
import { decode } from '../../dist/text/tags.js';
import { fitTemperature, negativeLogLikelihood } from '../../dist/text/temperature.js';
import { ROOT, readJson } from '../support/fixtures.js';

interface Measured {
  readonly temperature: number;
  readonly expected_calibration_error: number;
  readonly counts: number[];
  readonly negative_log_likelihood: number;
  readonly coverage: [threshold: number, coverage: number, accuracy: number | null][];
}

interface Case {
  readonly logits: number[][];
  readonly gold: number[];
  readonly best: number;
  readonly measured: Measured[];
}

const cases = readJson(`${ROOT}/test/fixtures/calibration/calibration.json`) as Case[];

describe.each(cases.map(each => [each.logits[0]!.length, each] as const))('%i labels', (_, each) => {
  const examples = each.logits.map((row, i) => ({ logits: Float32Array.from(row), gold: each.gold[i]! }));

  it.each(each.measured.map(measured => [measured.temperature, measured] as const))(
    'at temperature %d',
    (temperature, measured) => {
      const predictions = examples.map(({ logits, gold }) => {
        const probabilities = softmax(logits, temperature);
        const confidence = Math.max(...probabilities);
        return { confidence, correct: probabilities.indexOf(confidence) === gold };
      });
      const { expected_calibration_error, bins } = reliability(predictions);
      expect(expected_calibration_error).toBeCloseTo(measured.expected_calibration_error, 12);
      expect(bins.map(({ count }) => count)).toEqual(measured.counts);
      expect(negativeLogLikelihood(examples, temperature)).toBeCloseTo(measured.negative_log_likelihood, 12);
      const coverage = coverageByThreshold(predictions);
      for (const [threshold, share, accuracy] of measured.coverage) {
        const found = coverage.find(row => row.threshold === threshold)!;
        expect(found.coverage).toBeCloseTo(share, 12);
        if (accuracy === null) expect(found.accuracy).toBeNull();
        else expect(found.accuracy).toBeCloseTo(accuracy, 12);
      }
    },
  );

  it('the temperature that is fitted has the smallest loss', () => {
    expect(fitTemperature(examples)! / each.best).toBeCloseTo(1, 4);
  });
});

it('where all answers are right, or as good as drawn, no temperature fits best', () => {
  const rightOnes = [Float32Array.of(3, 1), Float32Array.of(2, 1)].map(logits => ({ logits, gold: 0 }));
  expect(fitTemperature(rightOnes)).toBeUndefined();
  expect(fitTemperature(rightOnes.map(({ logits }) => ({ logits, gold: 1 })))).toBeUndefined();
});

it('a temperature changes the scores of tags, and not the tags', () => {
  const labels = ['O', 'B-A', 'I-A', 'B-C', 'I-C'];
  const scheme = new Scheme(labels, readNotation(labels));
  const row = fc.array(fc.float({ min: -9, max: 9, noNaN: true }), { minLength: 5, maxLength: 5 });
  const rows = fc.array(
    row.map(values => Float32Array.from(values)),
    { minLength: 1, maxLength: 8 },
  );
  fc.assert(
    fc.property(
      rows,
      fc.double({ min: 0.1, max: 10, noNaN: true }),
      fc.constantFrom('valid', 'argmax'),
      (logits, temperature, decoding) => {
        const plain = decode(logits, scheme, decoding as 'valid' | 'argmax');
        const scaled = decode(logits, scheme, decoding as 'valid' | 'argmax', temperature);
        expect(scaled.map(({ label }) => label)).toEqual(plain.map(({ label }) => label));
        for (const [word, { label, score }] of scaled.entries()) {
          expect(score).toBe(softmax(logits[word]!, temperature)[label]);
        }
      },
    ),
  );
});
