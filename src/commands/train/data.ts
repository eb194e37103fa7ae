// Labelled texts as users bring them: JSON lines, or a table with the same names as columns.

import { type Json, shown } from '../../checkpoint/files.js';
import { labelText } from '../../checkpoint/labels.js';
import { UserError } from '../../errors.js';
import { parseJson } from '../../json.js';
import type { Task } from '../../model/manifest.js';
import type { LabelledText } from '../../train/examples.js';
import { at, type Example, exampleOf, isStrings, readObjects, textOrPair } from '../jsonl.js';
import { jsonOfCell } from '../predict/cells.js';
import { openInput } from '../predict/files.js';
import { formatOf } from '../predict/rows.js';

/** The columns of tables that are read. */
const COLUMNS = ['text', 'text_pair', 'label', 'labels', 'tokens', 'tags'];

/** A line of a file, with the names that JSON lines and the columns of a table share. */
interface Labelled {
  readonly where: string;
  readonly example: () => Example;
  readonly label: unknown;
  readonly labels: unknown;
  readonly tokens: unknown;
  readonly tags: unknown;
}

/**
 * Reads the labelled texts of a file: "text" and "label", "text" and a list of "labels", or "tokens" and "tags".
 * Throws UserError naming the first line that is something else.
 */
export async function readLabelled(path: string, task: Task): Promise<LabelledText[]> {
  const texts: LabelledText[] = [];
  for await (const line of linesOf(path, task)) {
    texts.push(at(line.where, () => (task === 'token' ? taggedWords(line) : labelledText(line))));
  }
  if (texts.length === 0) throw new UserError(`${path}: expected labelled texts, found none`);
  return texts;
}

async function* linesOf(path: string, task: Task): AsyncGenerator<Labelled> {
  if (formatOf(path) === 'jsonl') {
    for await (const { where, json } of readObjects(path)) {
      const { label, labels, tokens, tags } = json;
      yield { where, example: () => exampleOf(json), label, labels, tokens, tags };
    }
    return;
  }
  const input = await openInput(path, task === 'token' ? 'tokens' : 'text', COLUMNS);
  // The header of a CSV file is not counted: lines would not be, where a text has a line break.
  let number = 0;
  for await (const { values, example } of input.rows(0)) {
    const list = (column: string) => listOf(jsonOfCell(values[column]));
    const where = `${path} row ${++number}`;
    yield at(where, () => ({
      where,
      example,
      label: jsonOfCell(values.label),
      labels: list('labels'),
      tokens: list('tokens'),
      tags: list('tags'),
    }));
  }
}

/** A list in a cell of a CSV file is written in JSON. */
function listOf(cell: unknown): unknown {
  return typeof cell === 'string' && cell.trim().startsWith('[') ? parseJson(cell) : cell;
}

function labelledText({ where, example, label, labels }: Labelled): LabelledText {
  const text = textOrPair(example());
  if (labels !== undefined) {
    const found = Array.isArray(labels) ? labels.map(className) : [undefined];
    if (!found.every(each => each !== undefined)) {
      throw new UserError(`expected "labels", a list of labels, found ${shown(labels as Json)}`);
    }
    return { where, text, labels: found, isMulti: true };
  }
  const found = className(label);
  if (found === undefined) {
    throw new UserError(
      `expected "label", a label, or "labels", a list of them, found ${shown(label as Json)}`,
    );
  }
  return { where, text, labels: [found], isMulti: false };
}

/** The name of a class. There is none for an empty label, or for a number with a fraction: regression is not trained. */
function className(label: unknown): string | undefined {
  return typeof label === 'number' && !Number.isInteger(label) ? undefined : labelText(label) || undefined;
}

function taggedWords({ where, tokens, tags }: Labelled): LabelledText {
  if (!isStrings(tokens) || !isStrings(tags)) {
    throw new UserError('expected "tokens" and "tags", two lists of strings');
  }
  if (tags.includes('')) throw new UserError('expected a tag for each token, found an empty one');
  if (tokens.length !== tags.length) {
    throw new UserError(
      `expected a tag for each token, found ${tokens.length} tokens and ${tags.length} tags`,
    );
  }
  return { where, text: tokens, labels: tags, isMulti: false };
}
