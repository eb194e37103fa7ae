// The output of a benchmark: JSON lines on standard output, a table for people on standard error.

import { availableParallelism, cpus } from 'node:os';
import { alignedTable } from '../dist/commands/table.js';

export const MACHINE = `${cpus()[0]?.model.trim()}, ${availableParallelism()} cores`;

/** Prints one result. */
export function emit(bench: string, line: object): void {
  process.stdout.write(`${JSON.stringify({ bench, ...line })}\n`);
}

/** Prints a summary of results, with the machine that they are from. */
export function emitSummary(bench: string, line: object): void {
  emit(bench, { summary: true, machine: MACHINE, ...line });
}

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly greatest: number;
}

export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (index: number) => sorted[Math.floor(index)]!;
  const middle = (sorted.length - 1) / 2;
  return { median: (at(middle) + at(middle + 0.5)) / 2, least: at(0), greatest: at(sorted.length - 1) };
}

export function spreadText({ median, least, greatest }: Spread, digits = 1): string {
  return `${median.toFixed(digits)} (${least.toFixed(digits)} to ${greatest.toFixed(digits)})`;
}

export interface Step<T> {
  readonly step: string;
  /** Measures once, in the given round, of which the first is 1. */
  readonly measure: (round: number) => Promise<T>;
}

/**
 * Measures all steps in each round, so that a drift of the machine's speed affects them alike. Every other round runs
 * backwards, so that no step always follows the same one. Returns the results of each step in the order of the rounds.
 */
export async function interleave<T extends object>(
  bench: string,
  rounds: number,
  steps: readonly Step<T>[],
): Promise<Map<string, T[]>> {
  const results = new Map<string, T[]>(steps.map(({ step }) => [step, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const { step, measure } of round % 2 === 1 ? steps : steps.toReversed()) {
      const result = await measure(round);
      results.get(step)!.push(result);
      emit(bench, { step, round, ...result });
    }
  }
  return results;
}

/** The ratios of `a` to `b`, round by round. */
export function ratios(a: readonly number[], b: readonly number[]): Spread {
  return spread(a.map((value, round) => value / b[round]!));
}

export function printTable(rows: readonly (readonly string[])[]): void {
  process.stderr.write(alignedTable(rows));
}
