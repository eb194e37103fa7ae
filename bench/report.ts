// What a benchmark says: JSON lines on standard output, a table for a person on standard error.

import { availableParallelism, cpus } from 'node:os';

export const MACHINE = `${cpus()[0]?.model.trim()}, ${availableParallelism()} cores`;

/** One result, or a summary of them. */
export function emit(bench: string, line: object): void {
  process.stdout.write(`${JSON.stringify({ bench, ...line })}\n`);
}

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly greatest: number;
}

export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (place: number) => sorted[Math.floor(place)]!;
  const middle = (sorted.length - 1) / 2;
  return { median: (at(middle) + at(middle + 0.5)) / 2, least: at(0), greatest: at(sorted.length - 1) };
}

export function spreadText({ median, least, greatest }: Spread, digits = 1): string {
  return `${median.toFixed(digits)} (${least.toFixed(digits)} to ${greatest.toFixed(digits)})`;
}

export interface Step<T> {
  readonly step: string;
  readonly measure: () => Promise<T>;
}

/**
 * Every step in turn, round after round, so that a machine whose speed drifts drifts for all; every other round
 * backwards, so that none always follows the same one. Results by step, in the order of the rounds.
 */
export async function interleave<T extends object>(
  bench: string,
  rounds: number,
  steps: readonly Step<T>[],
): Promise<Map<string, T[]>> {
  const results = new Map<string, T[]>(steps.map(({ step }) => [step, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const { step, measure } of round % 2 === 1 ? steps : steps.toReversed()) {
      const result = await measure();
      results.get(step)!.push(result);
      emit(bench, { step, round, ...result });
    }
  }
  return results;
}

/** `a` over `b` of the same round. */
export function ratios(a: readonly number[], b: readonly number[]): Spread {
  return spread(a.map((value, round) => value / b[round]!));
}

/** Columns as wide as their widest cell; the first to the left, figures to the right. */
export function printTable(rows: readonly (readonly string[])[]): void {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map(row => row[column]!.length)));
  for (const row of rows) {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!),
    );
    process.stderr.write(`${cells.join('  ')}\n`);
  }
}
