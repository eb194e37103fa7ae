// Two measurements beside each other.

import { UserError } from '../errors.js';
import { FIGURES } from './figures.js';
import { type Conditions, isSweep, type Result } from './result.js';

export interface Comparison {
  /** The head of the table, and a row for each figure that one of both has. */
  readonly rows: readonly (readonly string[])[];
  /** A sentence for each condition that differs. */
  readonly differences: readonly string[];
}

/** Measurements at different times are what a comparison is for. */
const FREE: readonly (keyof Conditions)[] = ['started'];

/** Throws UserError if one of them is a sweep and the other is not. */
export function compare(a: Result, b: Result): Comparison {
  if (isSweep(a) !== isSweep(b)) {
    const kind = (result: Result) => (isSweep(result) ? 'a sweep' : 'a single measurement');
    throw new UserError(`expected two measurements of the same kind, found ${kind(a)} and ${kind(b)}`);
  }
  const rows = Object.entries(FIGURES).flatMap(([name, { unit, of }]) => {
    const [before, after] = [of(a), of(b)];
    if (before === null && after === null) return [];
    return [[`${name} ${unit}`.trim(), shown(before), shown(after), ratio(before, after)]];
  });
  return { rows: [['', 'A', 'B', 'B / A'], ...rows], differences: differences(a.conditions, b.conditions) };
}

function differences(a: Conditions, b: Conditions): string[] {
  return (Object.keys({ ...a, ...b }) as (keyof Conditions)[])
    .filter(key => !FREE.includes(key) && a[key] !== b[key])
    .map(key => `${key.replaceAll('_', ' ')}: ${a[key] ?? 'none'} in A, ${b[key] ?? 'none'} in B`);
}

function shown(value: number | null): string {
  if (value === null) return '–';
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}

function ratio(before: number | null, after: number | null): string {
  return before === null || after === null || before === 0 ? '–' : (after / before).toFixed(2);
}
