// The evaluation of a multi-label classifier on texts with any number of labels: F1 over all decisions, and of each label.

import { type Json, shown } from '../../checkpoint/files.js';
import { labelText } from '../../checkpoint/labels.js';
import { UserError } from '../../errors.js';
import { classify } from '../../predictor/classify.js';
import { encodeText } from '../../predictor/encode.js';
import { UNHURRIED } from '../../predictor/model.js';
import { isListed } from '../../predictor/thresholds.js';
import { labelSetReport } from '../../text/score.js';
import { at, exampleOf, type Line, textOrPair } from '../jsonl.js';
import {
  type Choice,
  calibrationFacts,
  calibrationReport,
  calibrationSections,
  checkTemperature,
} from './calibration.js';
import { type Evaluate, percent, referenceOf, runAll, scoreSection } from './evaluation.js';

/** Whether lines give a list of labels for each text. */
export function haveLabelSets(lines: readonly Line[]): boolean {
  return lines.some(({ json }) => json.labels !== undefined);
}

export const evaluateLabelSets: Evaluate = async (model, lines, { longText, fitTemperature }) => {
  const { manifest } = model;
  const { labels, problemType, temperature } = manifest;
  if (problemType !== 'multi') {
    throw new UserError(
      'labels: expected "label", as each text has one for this model, found "labels": they are for multi-label models',
    );
  }
  checkTemperature(manifest, fitTemperature);
  const examples = lines.map(({ where, json }) =>
    at(where, () => ({
      gold: goldLabels(json.labels, labels),
      text: encodeText(model, textOrPair(exampleOf(json)), { longText }),
    })),
  );
  const results = await runAll(examples, ({ text }) => classify(model, [text], UNHURRIED, longText));
  const answered = examples.map(({ gold }, i) => {
    const result = results[i]![0]!;
    const found = labels.filter(label => isListed(label, result.probabilities![label]!, manifest));
    return { gold, result, predicted: new Set(found) };
  });
  const report = labelSetReport(
    answered.map(({ gold, predicted }) => [gold, predicted]),
    labels,
  );
  const choices = answered.flatMap(({ gold, predicted, result }) =>
    labels.map(
      (label, row): Choice => ({
        // The logit of not having a label is 0.
        logits: Float32Array.of(0, result.logits[row]!),
        chosen: Number(predicted.has(label)),
        gold: Number(gold.has(label)),
      }),
    ),
  );
  const calibration = calibrationReport(choices, temperature);
  return {
    report: { ...report, ...calibration },
    facts: [
      ['precision', percent(report.precision)],
      ['recall', percent(report.recall)],
      ['micro F1', percent(report.f1)],
      ['macro F1', percent(report.macro_f1)],
      ['all labels right', percent(report.exact_match)],
      ...calibrationFacts(calibration, 'decisions'),
    ],
    sections: [scoreSection('Labels', report.labels), ...calibrationSections(calibration, 'decisions')],
    reference: referenceOf(answered.map(({ result }) => result)),
  };
};

/** Throws UserError where it is no list of the model's labels. */
function goldLabels(value: Json | undefined, labels: readonly string[]): ReadonlySet<string> {
  const found = Array.isArray(value) ? value.map(labelText) : [undefined];
  if (found.every(label => label !== undefined && labels.includes(label))) return new Set(found as string[]);
  throw new UserError(
    `expected "labels" to be a list of some of ${labels.join(', ')}, found ${shown(value)}`,
  );
}
