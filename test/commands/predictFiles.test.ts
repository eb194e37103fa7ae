// The files of predict under any content and any cut: what a killed run leaves, and damaged tables.

import { readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { csvInput, csvOutput } from '../../dist/commands/predict/csv.js';
import { jsonLinesOutput } from '../../dist/commands/predict/jsonLines.js';
import { parquetInput } from '../../dist/commands/predict/parquetInput.js';
import type { Output } from '../../dist/commands/predict/rows.js';
import { UserError } from '../../dist/errors.js';
import { ROOT, temporaryFolder } from '../support/fixtures.js';

const work = temporaryFolder();

afterEach(() => {
  vi.restoreAllMocks();
});

const text = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', 'é', '🎉', '\\') });
const rowsOf = fc.array(fc.record({ text, label: text, error: fc.constantFrom('', 'an error') }), {
  minLength: 1,
  maxLength: 8,
});
interface Row {
  readonly text: string;
  readonly label: string;
  readonly error: string;
}

const COLUMNS = [
  { name: 'label', type: 'STRING' },
  { name: 'error', type: 'STRING' },
] as const;

async function write(output: Output, rows: readonly Row[]): Promise<void> {
  for (const { text, label, error } of rows) {
    const row = { values: { text }, example: () => ({ text }) };
    await output.write(row, error ? { error } : { label });
  }
  await output.end(() => {});
}

describe.each([
  ['CSV', 'x.csv', (path: string, isResumed: boolean) => csvOutput(path, ['text'], COLUMNS, isResumed)],
  ['JSON lines', 'x.jsonl', (path: string, isResumed: boolean) => jsonLinesOutput(path, isResumed)],
] as const)('%s', (_, name, open) => {
  it('that was cut anywhere is resumed to the same bytes', async () => {
    const path = `${work}/${name}`;
    await fc.assert(
      fc.asyncProperty(rowsOf, fc.nat(), async (rows, cut) => {
        await write(await open(path, false), rows);
        const whole = readFileSync(path);
        writeFileSync(path, whole.subarray(0, cut % (whole.length + 1)));
        const output = await open(path, true);
        const { answers, errors } = output.kept;
        expect(errors).toBe(rows.slice(0, answers).filter(({ error }) => error).length);
        await write(output, rows.slice(answers));
        expect(readFileSync(path).equals(whole)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });
});

it('a file that no run has written is not resumed, and stays as it is', async () => {
  const path = `${work}/notes.txt`;
  const notes = 'some,notes\nand more';
  writeFileSync(path, notes);
  await expect(jsonLinesOutput(path, true)).rejects.toThrow(UserError);
  await expect(csvOutput(path, ['text'], COLUMNS, true)).rejects.toThrow(
    /expected the columns text, label, error/,
  );
  expect(readFileSync(path, 'utf8')).toBe(notes);
});

it('CSV is what the parser of another program reads, and is read back', async () => {
  const path = `${work}/back.csv`;
  await fc.assert(
    fc.asyncProperty(rowsOf, async rows => {
      await write(await csvOutput(path, ['text'], COLUMNS, false), rows);
      const expected = rows.map(({ text, label, error }) => [text, error ? '' : label, error]);
      expect(parse(readFileSync(path))).toEqual([['text', 'label', 'error'], ...expected]);
      const input = await csvInput(path, 'text');
      const found = [];
      for await (const row of input.rows(0)) found.push(row.example());
      expect(found).toEqual(rows.map(row => ({ text: row.text })));
      expect(await input.count()).toBe(rows.length);
    }),
    { numRuns: 100 },
  );
});

it.each(['texts.parquet', 'texts.zstd.parquet'])(
  'a damaged Parquet file, %s, is refused or read',
  async name => {
    const whole = readFileSync(`${ROOT}/test/fixtures/tables/${name}`);
    const path = `${work}/damaged.parquet`;
    // Each reading names the columns that are left.
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 }),
        fc.option(fc.nat(whole.length)),
        async (changes, length) => {
          const bytes = Buffer.from(whole);
          for (const [at, value] of changes) bytes[at] = value;
          writeFileSync(path, bytes.subarray(0, length ?? bytes.length));
          try {
            let rows = 0;
            for await (const row of (await parquetInput(path, 'text')).rows(0)) {
              expect(typeof row.values).toBe('object');
              if (++rows > 1000) break;
            }
          } catch (error) {
            expect(error).toBeInstanceOf(UserError);
          }
        },
      ),
      { numRuns: 300 },
    );
  },
);
