// Conditions under which a load test counts as failed, such as p99>200ms.

import { UserError } from '../errors.js';
import { FIGURES, type Unit } from './figures.js';
import type { Result } from './result.js';

export interface FailIf {
  readonly text: string;
  /** What was found, where the condition holds or cannot be judged. */
  check(result: Result): string | undefined;
}

const OPERATORS: Readonly<Record<string, (value: number, limit: number) => boolean>> = {
  '>': (value, limit) => value > limit,
  '>=': (value, limit) => value >= limit,
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
};

/** What a written unit is in the unit of the figure. */
const UNITS: Readonly<Record<Unit, Readonly<Record<string, number>>>> = {
  ms: { '': 1, ms: 1, s: 1000, us: 0.001 },
  '/s': { '': 1, '/s': 1 },
  '%': { '': 1, '%': 1 },
  '': { '': 1 },
};

const EXAMPLES = 'such as p99>200ms, errors>0 or rate<50/s';

/** Throws UserError if the text is no condition. */
export function parseFailIf(text: string): FailIf {
  const parts = /^\s*([\w.]+)\s*([<>]=?)\s*(\d+(?:\.\d+)?)\s*([^\s\d]*)\s*$/.exec(text);
  if (!parts) throw new UserError(`expected a condition ${EXAMPLES}, found ${JSON.stringify(text)}`);
  const [, name, operator, number, unit] = parts as unknown as [string, string, string, string, string];
  const figure = FIGURES[name];
  if (!Object.hasOwn(FIGURES, name) || !figure) {
    throw new UserError(`${text}: expected one of ${Object.keys(FIGURES).join(', ')}, found ${name}`);
  }
  const factor = UNITS[figure.unit][unit];
  if (factor === undefined) {
    const units = Object.keys(UNITS[figure.unit]).filter(each => each !== '');
    const expected = units.length === 0 ? 'a number without a unit' : `a number in ${units.join(', ')}`;
    throw new UserError(`${text}: expected ${expected}, found ${number}${unit}`);
  }
  const limit = Number(number) * factor;
  return {
    text,
    check(result) {
      const value = figure.of(result);
      if (value === null) return `${name} was not measured`;
      return OPERATORS[operator]!(value, limit) ? `${name} is ${rounded(value)}${figure.unit}` : undefined;
    },
  };
}

function rounded(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(4);
}
