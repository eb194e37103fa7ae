// The evaluation of a classifier: accuracy, F1 and the confusion of its labels.

import { type Json, shown } from '../../checkpoint/files.js';
import { labelText } from '../../checkpoint/labels.js';
import { UserError } from '../../errors.js';
import type { Manifest } from '../../model/manifest.js';
import { classify } from '../../predictor/classify.js';
import { encodeText } from '../../predictor/encode.js';
import { UNHURRIED } from '../../predictor/model.js';
import { type ClassificationReport, classificationReport } from '../../text/score.js';
import { at, exampleOf, textOf } from '../jsonl.js';
import { alignedTable } from '../table.js';
import { type Evaluate, percent, runAll, scoreTable } from './evaluation.js';

export const evaluateClassifier: Evaluate = async (model, lines, { longText }) => {
  const labels = isYesOrNo(model.manifest) ? ['false', 'true'] : model.manifest.labels;
  const examples = lines.map(({ where, json }) =>
    at(where, () => {
      const text = textOf(exampleOf(json));
      const label = goldLabel(model.manifest, json.label);
      if (label === undefined || !labels.includes(label)) {
        throw new UserError(`expected "label" to be one of ${labels.join(', ')}, found ${shown(json.label)}`);
      }
      return { label, text: encodeText(model, text, { longText }) };
    }),
  );
  const results = await runAll(examples, ({ text }) => classify(model, [text], UNHURRIED, longText));
  const report = classificationReport(
    examples.map(({ label: gold }, i) => {
      const { label, score } = results[i]![0]!;
      return [gold, isYesOrNo(model.manifest) ? String(score >= 0.5) : label];
    }),
    labels,
  );
  return { report, text: textOfReport(report) };
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

function textOfReport({ accuracy, macro_f1, labels, confusion }: ClassificationReport): string {
  const names = Object.keys(labels);
  const table = alignedTable([
    ['gold \\ predicted', ...names],
    ...names.map(gold => [gold, ...names.map(predicted => String(confusion[gold]![predicted]))]),
  ]);
  return `accuracy ${percent(accuracy)}\nmacro F1 ${percent(macro_f1)}\n\n${scoreTable(labels)}\n${table}`;
}
