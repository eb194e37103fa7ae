// serve --config: a file with the options of the command, named as its flags are.

import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { type Command, InvalidArgumentError, type Option } from 'commander';
import { isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml';
import { UserError } from '../errors.js';

/** Flags whose value is a path. In a file it is relative to the folder of the file. */
const PATH = /<(dir|file)>/;

/**
 * Sets the options of a command that a YAML or JSON file gives, unless the command line or the environment gives them. A
 * list stands for values separated by commas, and `models` may list a folder for each name. Throws UserError, which says
 * the line, for what is not understood.
 */
export function applyConfig(command: Command, path: string): void {
  const lines = new LineCounter();
  const document = parseDocument(readConfig(path), { lineCounter: lines });
  const refusal = (position: number, message: string) =>
    new UserError(`${basename(path)}:${lines.linePos(position).line}: ${message}`);
  const [error] = document.errors;
  if (error) throw refusal(error.pos[0], firstLine(error.message));
  const { contents } = document;
  if (!isMap(contents)) throw refusal(positionOf(contents), 'expected options, such as "port: 8080"');
  for (const { key, value } of contents.items as Pair<Node, Node | null>[]) {
    const name = isScalar(key) ? String(key.value) : '';
    const option = command.options.find(({ long }) => long === `--${name}` && long !== '--config');
    if (!option) throw refusal(positionOf(key), `unknown option ${JSON.stringify(name)}`);
    const attribute = option.attributeName();
    if (!['default', undefined].includes(command.getOptionValueSource(attribute))) continue;
    try {
      command.setOptionValueWithSource(attribute, optionValue(option, value, dirname(path)), 'config');
    } catch (problem) {
      if (!(problem instanceof InvalidArgumentError || problem instanceof UserError)) throw problem;
      throw refusal(positionOf(value ?? key), `${name}: ${problem.message}`);
    }
  }
}

function positionOf(node: Node | null): number {
  return node?.range?.[0] ?? 0;
}

function readConfig(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UserError(`--config ${path}: cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

function firstLine(message: string): string {
  return message.slice(0, message.indexOf('\n')).replace(/ at line \d+, column \d+:?$/, '');
}

/** Throws InvalidArgumentError for a value that the option does not take. */
function optionValue(option: Option, node: Node | null, folder: string): unknown {
  if (option.attributeName() === 'models' && isMap(node)) {
    const entries = node.items as Pair<Node, Node | null>[];
    return Object.fromEntries(entries.map(({ key, value }) => [textOf(key), resolve(folder, textOf(value))]));
  }
  if (option.isBoolean()) {
    if (isScalar(node) && typeof node.value === 'boolean') return node.value;
    throw new InvalidArgumentError('expected true or false.');
  }
  const text = isSeq(node) ? node.items.map(item => textOf(item as Node)).join(',') : textOf(node);
  const value = PATH.test(option.flags) ? resolve(folder, text) : text;
  return option.parseArg ? option.parseArg(value, undefined) : value;
}

function textOf(node: Node | null): string {
  if (isScalar(node) && ['string', 'number'].includes(typeof node.value)) return String(node.value);
  throw new InvalidArgumentError('expected a text or a number.');
}
