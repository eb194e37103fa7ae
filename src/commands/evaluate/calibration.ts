// How well a model's probabilities fit its data, and the temperature that makes them fit.

import { UserError } from '../../errors.js';
import type { Manifest } from '../../model/manifest.js';
import { softmax } from '../../text/probabilities.js';
import {
  BINS,
  type Coverage,
  coverageByThreshold,
  type Reliability,
  reliability,
} from '../../text/reliability.js';
import { fitTemperature, type Labelled, negativeLogLikelihood } from '../../text/temperature.js';
import { type Fact, percent, type Section } from './evaluation.js';
import { reliabilityFigure } from './reliabilityFigure.js';

/** A label that a model chose, and the gold one. */
export interface Choice extends Labelled {
  /** The row of the chosen label in the logits. */
  readonly chosen: number;
}

interface Calibration extends Reliability {
  readonly temperature: number;
  /** In nats. */
  readonly negative_log_likelihood: number;
  readonly coverage: readonly Coverage[];
}

export interface CalibrationReport {
  readonly calibration: Calibration;
  /** The same at the temperature that was fitted to the data. */
  readonly fitted?: Calibration;
}

/** Throws UserError where a temperature is to be fitted to a model whose labels do not exclude each other. */
export function checkTemperature({ problemType }: Manifest, isFitted = false): void {
  if (!isFitted || problemType !== 'multi') return;
  throw new UserError(
    'temperature: expected a model whose labels exclude each other, found a multi-label model',
  );
}

/**
 * Measures the probabilities of choices at the model's temperature, and at the one that fits best, where it
 * is asked for. Throws UserError where no temperature fits.
 */
export function calibrationReport(
  choices: readonly Choice[],
  temperature = 1,
  isFitted = false,
): CalibrationReport {
  const calibration = calibrationAt(choices, temperature);
  return isFitted
    ? { calibration, fitted: calibrationAt(choices, bestTemperature(choices)) }
    : { calibration };
}

function calibrationAt(choices: readonly Choice[], temperature: number): Calibration {
  const predictions = choices.map(({ logits, chosen, gold }) => ({
    confidence: softmax(logits, temperature)[chosen]!,
    correct: chosen === gold,
  }));
  return {
    temperature,
    negative_log_likelihood: negativeLogLikelihood(choices, temperature),
    ...reliability(predictions),
    coverage: coverageByThreshold(predictions),
  };
}

function bestTemperature(choices: readonly Choice[]): number {
  const temperature = fitTemperature(choices);
  if (temperature !== undefined) return Number(temperature.toPrecision(4));
  const wrong = choices.filter(({ chosen, gold }) => chosen !== gold).length;
  throw new UserError(
    `temperature: expected data that a temperature from 0.05 to 20 fits best, found none, with ${wrong} of ${choices.length} answers wrong: give more data`,
  );
}

export function calibrationErrorName(ofWhat: string): string {
  return `calibration error (ECE, ${BINS} bins, ${ofWhat})`;
}

/** `ofWhat` says what is counted, such as "words". */
export function calibrationFacts({ calibration, fitted }: CalibrationReport, ofWhat: string): Fact[] {
  const error = ({ expected_calibration_error }: Reliability) => percent(expected_calibration_error);
  const name = calibrationErrorName(ofWhat);
  const facts: Fact[] = [
    ['temperature', String(calibration.temperature)],
    [name, error(calibration)],
  ];
  if (fitted)
    facts.push(['fitted temperature', String(fitted.temperature)], [`${name} with it`, error(fitted)]);
  return facts;
}

/** The accuracy above each threshold, and diagrams for a page, at the temperature that the model has from now on. */
export function calibrationSections({ calibration, fitted }: CalibrationReport, ofWhat: string): Section[] {
  const { coverage } = fitted ?? calibration;
  const figures = [calibration, ...(fitted ? [fitted] : [])].map(measured =>
    reliabilityFigure(measured, `Reliability of ${ofWhat} at temperature ${measured.temperature}`),
  );
  return [
    {
      title: `Answers at or above a threshold (${ofWhat})`,
      rows: [
        ['threshold', 'coverage', 'accuracy'],
        ...coverage.map(({ threshold, coverage, accuracy }) => [
          String(threshold),
          percent(coverage),
          accuracy === null ? '' : percent(accuracy),
        ]),
      ],
      figures,
    },
  ];
}
