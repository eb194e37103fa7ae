// The evaluation of a tagger: precision, recall and F1 of its entities.

import { UserError } from '../../errors.js';
import { type Manifest, notationOf } from '../../model/manifest.js';
import { encodeWords } from '../../predictor/encode.js';
import { UNHURRIED } from '../../predictor/model.js';
import { tag } from '../../predictor/tag.js';
import { type Notation, parseTag, readNotation } from '../../text/notation.js';
import { notationText } from '../../text/notationText.js';
import { type EntityReport, entityReport } from '../../text/score.js';
import { at } from '../jsonl.js';
import { type Evaluate, percent, runAll, scoreTable } from './evaluation.js';

export const evaluateTagger: Evaluate = async (model, lines, { decoding }) => {
  const examples = lines.map(({ where, json: { tokens, tags } }) =>
    at(where, () => {
      if (!isStrings(tokens) || !isStrings(tags) || tokens.length !== tags.length) {
        throw new UserError('expected "tokens" and "tags", two lists of strings of the same length');
      }
      return { tags, words: encodeWords(model, tokens) };
    }),
  );
  const results = await runAll(examples, ({ words }) => tag(model, [words], UNHURRIED, decoding));
  const notation = notationOf(model.manifest);
  const goldNotation = goldNotationOf(new Set(examples.flatMap(({ tags }) => tags)), model.manifest);
  const read = (tags: readonly string[], as: Notation) => tags.map(tag => parseTag(tag, as));
  const report = entityReport(
    examples.map(({ tags }, i) => [read(tags, goldNotation), read(results[i]![0]!.tags, notation)]),
  );
  return { report, text: textOfReport(report) };
};

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(item => typeof item === 'string');
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

function textOfReport({ precision, recall, f1, labels }: EntityReport): string {
  return `precision ${percent(precision)}\nrecall    ${percent(recall)}\nF1        ${percent(f1)}\n\n${scoreTable(labels)}`;
}
