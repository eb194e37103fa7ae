// The evaluation of a regression: how far its values are from gold numbers, and how they correlate.

import { shown } from '../../checkpoint/files.js';
import { UserError } from '../../errors.js';
import { classify } from '../../predictor/classify.js';
import { encodeText } from '../../predictor/encode.js';
import { UNHURRIED } from '../../predictor/model.js';
import { regressionReport } from '../../text/regressionScore.js';
import { at, exampleOf, textOrPair } from '../jsonl.js';
import { type Evaluate, runAll } from './evaluation.js';

export const evaluateRegression: Evaluate = async (model, lines, { longText, fitTemperature }) => {
  if (fitTemperature) {
    throw new UserError('temperature: expected a model with probabilities, found a regression');
  }
  const examples = lines.map(({ where, json }) =>
    at(where, () => {
      const text = textOrPair(exampleOf(json));
      if (typeof json.label !== 'number') {
        throw new UserError(`expected "label" to be a number, found ${shown(json.label)}`);
      }
      return { label: json.label, text: encodeText(model, text, { longText }) };
    }),
  );
  const results = await runAll(examples, ({ text }) => classify(model, [text], UNHURRIED, longText));
  const report = regressionReport(examples.map(({ label }, i) => [label, results[i]![0]!.score]));
  const rounded = (value: number | null) =>
    value === null ? 'undefined' : String(Number(value.toPrecision(5)));
  return {
    report,
    facts: [
      ['examples', String(report.count)],
      ['mean squared error', rounded(report.mean_squared_error)],
      ['mean absolute error', rounded(report.mean_absolute_error)],
      ['Pearson correlation', rounded(report.pearson)],
      ['Spearman correlation', rounded(report.spearman)],
    ],
    sections: [],
  };
};
