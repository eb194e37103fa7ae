// The evaluation of a tagger: precision, recall and F1 of its entities, and how well its probabilities fit.

import { UserError } from '../../errors.js';
import { type Manifest, notationOf } from '../../model/manifest.js';
import { encodeWords } from '../../predictor/encode.js';
import { UNHURRIED } from '../../predictor/model.js';
import { type Tagging, tag } from '../../predictor/tag.js';
import { type Notation, parseTag, readNotation, type Tag } from '../../text/notation.js';
import { notationText } from '../../text/notationText.js';
import { softmax } from '../../text/probabilities.js';
import { type Prediction, reliability } from '../../text/reliability.js';
import { entityReport } from '../../text/score.js';
import { type EntitySpan, entitySpans } from '../../text/spans.js';
import { at, isStrings } from '../jsonl.js';
import {
  type Choice,
  calibrationErrorName,
  calibrationFacts,
  calibrationReport,
  calibrationSections,
} from './calibration.js';
import { type Evaluate, percent, referenceOf, runAll, scoreSection } from './evaluation.js';

export const evaluateTagger: Evaluate = async (model, lines, { decoding, fitTemperature }) => {
  const { manifest } = model;
  const examples = lines.map(({ where, json: { tokens, tags } }) =>
    at(where, () => {
      if (!isStrings(tokens) || !isStrings(tags) || tokens.length !== tags.length) {
        throw new UserError('expected "tokens" and "tags", two lists of strings of the same length');
      }
      return { tags, words: encodeWords(model, tokens) };
    }),
  );
  const results = await runAll(examples, ({ words }) => tag(model, [words], UNHURRIED, decoding));
  const notation = notationOf(manifest);
  const goldNotation = goldNotationOf(new Set(examples.flatMap(({ tags }) => tags)), manifest);
  const read = (tags: readonly string[], as: Notation) => tags.map(tag => parseTag(tag, as));
  const texts = examples.map(({ tags }, i): TaggedText => {
    const tagging = results[i]![0]!;
    return { gold: read(tags, goldNotation), predicted: read(tagging.tags, notation), tagging };
  });
  const report = entityReport(texts.map(({ gold, predicted }) => [gold, predicted]));
  const calibration = calibrationReport(
    choicesOf(texts, manifest.labels, notation),
    manifest.temperature,
    fitTemperature,
  );
  const { temperature } = calibration.fitted ?? calibration.calibration;
  const entities = reliability(entityPredictions(texts, manifest.labels, temperature));
  return {
    report: { ...report, ...calibration, entity_calibration: { temperature, ...entities } },
    facts: [
      ['precision', percent(report.precision)],
      ['recall', percent(report.recall)],
      ['F1', percent(report.f1)],
      ...calibrationFacts(calibration, 'words'),
      [calibrationErrorName('entities'), percent(entities.expected_calibration_error)],
    ],
    sections: [scoreSection('Entities', report.labels), ...calibrationSections(calibration, 'words')],
    ...(calibration.fitted && { temperature }),
    reference: referenceOf(results.flatMap(([tagging]) => tagging!.entities)),
  };
};

interface TaggedText {
  /** One tag for each word. */
  readonly gold: readonly Tag[];
  readonly predicted: readonly Tag[];
  readonly tagging: Tagging;
}

/** The tags of all words that have a token, and whose gold tag is one of the model's labels. */
function choicesOf(texts: readonly TaggedText[], labels: readonly string[], notation: Notation): Choice[] {
  const tags = labels.map(label => parseTag(label, notation));
  return texts.flatMap(({ gold, tagging }) =>
    tagging.logits.flatMap((logits, word) => {
      const { kind, type } = gold[word]!;
      const row = tags.findIndex(tag => tag.kind === kind && tag.type === type);
      return logits && row >= 0 ? [{ logits, chosen: labels.indexOf(tagging.tags[word]!), gold: row }] : [];
    }),
  );
}

/** The entities that were found, with their scores at a temperature. */
function entityPredictions(
  texts: readonly TaggedText[],
  labels: readonly string[],
  temperature: number,
): Prediction[] {
  const key = ({ label, startWord, endWord }: EntitySpan) => `${label} ${startWord} ${endWord}`;
  return texts.flatMap(({ gold, predicted, tagging: { tags, logits } }) => {
    const goldEntities = new Set(entitySpans(gold).map(key));
    return entitySpans(predicted).map(span => {
      let score = 0;
      for (let word = span.startWord; word < span.endWord; word++) {
        score += softmax(logits[word]!, temperature)[labels.indexOf(tags[word]!)]!;
      }
      return { confidence: score / (span.endWord - span.startWord), correct: goldEntities.has(key(span)) };
    });
  });
}

/**
 * The notation of the gold tags. They may be written in another way than the model's labels, such as B_PER for B-PER:
 * their entities are compared, not their tags. Tags that the model does not know are named on standard error.
 */
function goldNotationOf(gold: ReadonlySet<string>, manifest: Manifest): Notation {
  const { labels } = manifest;
  const notation = notationOf(manifest);
  const unknown = [...gold].filter(tag => !labels.includes(tag)).sort();
  if (unknown.length === 0) return notation;
  const isKnownNotation = unknown.every(tag => parseTag(tag, notation).kind !== 'plain');
  const found = isKnownNotation ? notation : readNotation([...gold]);
  const text = notationText([...gold], found);
  process.stderr.write(`gold tags that the model does not have: ${unknown.join(', ')}; read as ${text}\n`);
  return found;
}
