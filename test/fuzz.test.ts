// Damaged files of every kind. Each ends in a clear refusal or in a right use: never in an internal error, a hang, or an
// allocation far larger than the files. `npm run fuzz` damages more of them, with a fresh seed.

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { watchAllocations } from './fuzz/allocations.js';
import { type Case, Fuzzer } from './fuzz/fuzzer.js';
import { ROOT, readJson, temporaryFolder } from './support/fixtures.js';

const SEED = 1;
const RUNS = 3000;

let endWatch: () => void;
beforeAll(() => {
  endWatch = watchAllocations();
});
afterAll(() => endWatch());

const folder = temporaryFolder();
const fuzzer = new Fuzzer(folder, target => !target.mayCrash);

const kept = readJson(join(ROOT, 'test/fixtures/fuzz/cases.json')) as (Case & { readonly found: string })[];

describe('refuses what an earlier run has found', () => {
  it.each(kept)('$found ($target)', async damage => {
    expect(await fuzzer.run(damage)).toBe('refused');
  });
});

it(`refuses or uses ${RUNS} damaged files`, { timeout: 600_000 }, async () => {
  const outcomes = { used: 0, refused: 0 };
  for (let run = 0; run < RUNS; run++) {
    const damage = await fuzzer.draw(SEED, run);
    const failed = (error: unknown) => {
      throw new Error(`run ${run}: ${JSON.stringify(damage)}`, { cause: error });
    };
    outcomes[await fuzzer.run(damage).catch(failed)]++;
  }
  expect(Math.min(outcomes.used, outcomes.refused)).toBeGreaterThan(RUNS / 10);
  expect(1024 * process.resourceUsage().maxRSS).toBeLessThan(1e9);
});
