// Labels as configs and users write them in JSON, as a list in the order of the head's rows.

import { UserError } from '../errors.js';
import { isJsonObject, type Json, shown } from './files.js';

/**
 * The labels of an id2label object, `{"0": "a", "1": "b"}`. Errors begin with `name`.
 * Throws UserError unless it has a label for each row from 0 on.
 */
export function parseId2label(id2label: Json, name: string): string[] {
  if (!isJsonObject(id2label)) {
    throw new UserError(`${name}: expected an object of labels by row, found ${shown(id2label)}`);
  }
  const labels = byRow(id2label);
  if (labels.every(label => label !== undefined)) return labels;
  throw new UserError(
    `${name}: expected a label, a string or a number, for each row from 0 to ${labels.length - 1}, ` +
      `found none for row ${labels.indexOf(undefined)}: ${shown(id2label)}`,
  );
}

/**
 * The labels in JSON that a user gives: a list, an object of labels by row or of rows by label (label2id), or a
 * config.json that has one of these. Throws UserError, beginning with `name`, for anything else, and for an object of
 * numbers that means other labels if it is read the other way.
 */
export function parseLabels(json: Json, name: string): string[] {
  if (isJsonObject(json)) {
    if (isJsonObject(json.id2label)) return parseId2label(json.id2label, `${name}: id2label`);
    if (isJsonObject(json.label2id)) return parseLabels(json.label2id, `${name}: label2id`);
    const readings = [byRow(json), byLabel(json)].filter(labels =>
      labels.every(label => label !== undefined),
    );
    if (readings.length === 2 && readings[0]!.join() !== readings[1]!.join()) {
      throw new UserError(
        `${name}: expected labels that are told from rows, found numbers on both sides, which can be read either way: ` +
          `give a list in the order of the rows: ${shown(json)}`,
      );
    }
    if (readings[0]) return readings[0];
  }
  const labels = Array.isArray(json) ? json.map(labelText) : [undefined];
  if (labels.every(label => label !== undefined)) return labels;
  throw new UserError(
    `${name}: expected a JSON list of labels, an object {"0": "a", "1": "b"} or {"a": 0, "b": 1}, ` +
      `or a config.json with id2label, found ${shown(json)}`,
  );
}

/**
 * The label that a JSON value stands for. Labels that are no strings are written as Python prints them, because
 * transformers keeps them as they are: `true` is True. A number is written without a trailing `.0`.
 */
export function labelText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return undefined;
}

function byRow(id2label: Record<string, Json>): (string | undefined)[] {
  // Number('') is 0.
  return inOrder(Object.entries(id2label).map(([row, label]) => [row.trim() && Number(row), label]));
}

function byLabel(label2id: Record<string, Json>): (string | undefined)[] {
  return inOrder(Object.entries(label2id).map(([label, row]) => [row, label]));
}

/** The labels of rows 0, 1, …, as many as there are pairs; undefined for a row that has none. */
function inOrder(pairs: readonly (readonly [row: Json, label: Json])[]): (string | undefined)[] {
  const labels = new Map(pairs);
  return pairs.map((_, row) => labelText(labels.get(row)));
}
