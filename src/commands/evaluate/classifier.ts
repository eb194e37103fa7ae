// The evaluation of a classifier: accuracy, F1, the confusion of its labels, and how well its probabilities fit.

import { type Json, shown } from '../../checkpoint/files.js';
import { labelText } from '../../checkpoint/labels.js';
import { UserError } from '../../errors.js';
import type { Manifest } from '../../model/manifest.js';
import { type Classification, classify } from '../../predictor/classify.js';
import { encodeText } from '../../predictor/encode.js';
import { UNHURRIED } from '../../predictor/model.js';
import { type ClassificationReport, classificationReport } from '../../text/score.js';
import { at, exampleOf, textOrPair } from '../jsonl.js';
import {
  type Choice,
  calibrationFacts,
  calibrationReport,
  calibrationSections,
  checkTemperature,
} from './calibration.js';
import { type Evaluate, percent, referenceOf, runAll, type Section, scoreSection } from './evaluation.js';

export const evaluateClassifier: Evaluate = async (model, lines, { longText, fitTemperature }) => {
  const { manifest } = model;
  checkTemperature(manifest, fitTemperature);
  const labels = isYesOrNo(manifest) ? ['false', 'true'] : manifest.labels;
  const examples = lines.map(({ where, json }) =>
    at(where, () => {
      const text = textOrPair(exampleOf(json));
      const label = goldLabel(manifest, json.label);
      if (label === undefined || !labels.includes(label)) {
        throw new UserError(`expected "label" to be one of ${labels.join(', ')}, found ${shown(json.label)}`);
      }
      return { label, text: encodeText(model, text, { longText }) };
    }),
  );
  const results = await runAll(examples, ({ text }) => classify(model, [text], UNHURRIED, longText));
  const answered = examples.map(({ label: gold }, i) => {
    const result = results[i]![0]!;
    return { gold, result, predicted: isYesOrNo(manifest) ? String(result.score >= 0.5) : result.label };
  });
  const report = classificationReport(
    answered.map(({ gold, predicted }) => [gold, predicted]),
    labels,
  );
  const choices = answered.map(({ gold, predicted, result }) =>
    choiceOf(manifest, result, labels.indexOf(predicted), labels.indexOf(gold)),
  );
  const calibration = calibrationReport(choices, manifest.temperature, fitTemperature);
  return {
    report: { ...report, ...calibration },
    facts: [
      ['accuracy', percent(report.accuracy)],
      ['macro F1', percent(report.macro_f1)],
      ...calibrationFacts(calibration, 'texts'),
    ],
    sections: [
      scoreSection('Labels', report.labels),
      confusionSection(report),
      ...calibrationSections(calibration, 'texts'),
    ],
    ...(calibration.fitted && { temperature: calibration.fitted.temperature }),
    reference: referenceOf(answered.map(({ result }) => result)),
  };
};

/** Whether a model has one label, that of yes. It is measured on true and false. */
function isYesOrNo({ problemType, labels }: Manifest): boolean {
  return problemType === 'binary' && labels.length === 1;
}

/** The label that the data gives: true or false, or 1 or 0, for a model with one label. */
function goldLabel(manifest: Manifest, label: Json | undefined): string | undefined {
  if (!isYesOrNo(manifest)) return labelText(label);
  return label === 0 || label === 1 || typeof label === 'boolean' ? String(Boolean(label)) : undefined;
}

/**
 * A chosen label among labels that exclude each other. A binary model chooses between no, whose logit is 0, and yes. A
 * multi-label model decides on each label alone; its best one is taken as chosen against not having it.
 */
function choiceOf(
  { problemType }: Manifest,
  { logits }: Classification,
  chosen: number,
  gold: number,
): Choice {
  if (problemType === 'binary') return { logits: Float32Array.of(0, logits[0]!), chosen, gold };
  if (problemType === 'single') return { logits, chosen, gold };
  return { logits: Float32Array.of(0, logits[chosen]!), chosen: 1, gold: Number(chosen === gold) };
}

export function confusionSection({ labels, confusion }: ClassificationReport): Section {
  const names = Object.keys(labels);
  const counts = names.map(gold => names.map(predicted => confusion[gold]![predicted]!));
  return {
    title: 'Confusion: rows are gold labels, columns are answers',
    rows: [['gold \\ predicted', ...names], ...names.map((gold, row) => [gold, ...counts[row]!.map(String)])],
    shades: counts.map((row, i) => row.map(count => count / Math.max(1, labels[names[i]!]!.support))),
  };
}
