// predict with CSV and Parquet: tables of other programs are read, and what is written is what other programs write.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'csv-parse/sync';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { beforeAll, describe, expect, it } from 'vitest';
import { jsonLines, lsllama } from '../support/cli.js';
import { exportCheckpoint, ROOT, readJson, readJsonLines, temporaryFolder } from '../support/fixtures.js';

const TABLES = `${ROOT}/test/fixtures/tables`;
const work = temporaryFolder();
let classifier: string;
let tagger: string;
/** The rows of all tables, as Python wrote them. */
const rows = readJson(`${TABLES}/texts.json`) as {
  id: string;
  text: string | null;
  at: string;
  raw: string;
}[];

beforeAll(async () => {
  classifier = await exportCheckpoint('ls_llama_seq', work);
  tagger = await exportCheckpoint('ls_unllama_tok', work);
});

interface Answer {
  readonly label?: string;
  readonly score?: number;
  readonly probabilities?: Record<string, number>;
  readonly error?: string;
}

/** The answers to texts in JSON lines, which the tests of other formats compare with. */
function answersTo(texts: readonly (string | null)[]): Answer[] {
  const input = jsonLines(texts.map(text => (text === null ? {} : { text })));
  const { stdout } = lsllama(['predict', classifier], input);
  return stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line));
}

function predict(input: string, output: string, ...flags: string[]) {
  return lsllama(['predict', classifier, '--input', input, '--output', `${work}/${output}`, ...flags]);
}

async function readParquet(path: string): Promise<Record<string, unknown>[]> {
  return parquetReadObjects({ file: await asyncBufferFromFile(path) });
}

describe('CSV', () => {
  it('is read and written, with all columns', () => {
    const { status } = predict(`${TABLES}/texts.csv`, 'out.csv', '--text-column', 'body');
    expect(status).toBe(1);
    const [header, ...records] = parse(readFileSync(`${work}/out.csv`)) as string[][];
    expect(header).toEqual(['id', 'body', 'note', 'label', 'score', 'probabilities', 'error']);
    const answers = answersTo(rows.map(({ text }) => text ?? ''));
    expect(records).toEqual(
      rows.map(({ id, text }, i) => {
        const { label = '', score = '', probabilities, error = '' } = answers[i]!;
        const json = probabilities ? JSON.stringify(probabilities) : '';
        return [id, text ?? '', 'a,b', label, String(score), json, error];
      }),
    );
  });

  it('becomes JSON lines, which carry the columns', () => {
    predict(`${TABLES}/texts.csv`, 'csv.jsonl', '--text-column', 'body');
    const answers = answersTo(rows.map(({ text }) => text ?? ''));
    expect(readJsonLines(`${work}/csv.jsonl`)).toEqual(
      rows.map(({ id, text }, i) => ({ id, body: text ?? '', note: 'a,b', ...answers[i] })),
    );
  });

  it.each([
    ['without the text column', 'a,b\n1,2\n', /expected a column "text", found a, b: --text-column/],
    ['with a column twice', 'text,a,a\n', /expected each column once, but "a" stands twice/],
    ['with a column of the answers', 'text,label\nOil,Sports\n', /no column label in the input.*rename it/],
    ['that is empty', '', /expected a column "text", found none/],
    ['with a quote that is not closed', 'text\n"Oil\n', /Quote Not Closed/i],
  ])('%s is refused', (_what, content, message) => {
    writeFileSync(`${work}/bad.csv`, content);
    expect(predict(`${work}/bad.csv`, 'bad.out.csv')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(message),
    });
  });

  it('has an error in the place of a row with other columns than the header, or that is not UTF-8', () => {
    const latin1 = Buffer.from('Caf\u00e9,1\n', 'latin1');
    writeFileSync(`${work}/odd.csv`, Buffer.concat([Buffer.from('text,a\nOil,1\nOil\nOil,1,2\n'), latin1]));
    expect(predict(`${work}/odd.csv`, 'odd.jsonl').status).toBe(1);
    const errors = readJsonLines<Answer>(`${work}/odd.jsonl`).map(({ error }) => error);
    expect(errors).toEqual([
      undefined,
      'expected 2 columns, found 1',
      'expected 2 columns, found 3',
      'expected UTF-8, found the byte 0xe9 at offset 3',
    ]);
  });
});

describe('Parquet', () => {
  it.each(['texts.parquet', 'texts.zstd.parquet'])('of PyArrow, %s, is read', name => {
    expect(predict(`${TABLES}/${name}`, 'parquet.jsonl').status).toBe(1);
    const found = readJsonLines<Record<string, unknown>>(`${work}/parquet.jsonl`);
    const answers = answersTo(rows.map(({ text }) => text));
    for (const [i, { id, text, at, raw, ...values }] of rows.entries()) {
      const { error, ...answer } = answers[i]!;
      expect(found[i]).toMatchObject({
        ...values,
        id,
        text,
        at: `${at.slice(0, 23)}Z`,
        raw: Buffer.from(raw, 'hex').toString('base64'),
        ...answer,
      });
      expect(Boolean(found[i]!.error)).toBe(Boolean(error));
    }
  });

  it('is written in the types that it had, and says which columns are left', async () => {
    const { stderr } = predict(`${TABLES}/texts.parquet`, 'out.parquet');
    expect(stderr).toContain('columns whose types are not carried over: price, list');
    const file = await asyncBufferFromFile(`${work}/out.parquet`);
    const { schema } = await parquetMetadataAsync(file);
    const { schema: given } = await parquetMetadataAsync(
      await asyncBufferFromFile(`${TABLES}/texts.parquet`),
    );
    for (const element of given.slice(1, 9)) {
      expect(schema.find(({ name }) => name === element.name)).toMatchObject({
        type: element.type,
        repetition_type: element.repetition_type,
      });
    }
    // PyArrow refuses a file in which hyparquet-writer has written the logical type of integers.
    expect(schema.filter(({ logical_type }) => logical_type?.type === 'INTEGER')).toEqual([]);
    const found = await readParquet(`${work}/out.parquet`);
    const answers = answersTo(rows.map(({ text }) => text));
    const stored = await readParquet(`${TABLES}/texts.parquet`);
    for (const [i, { price, list, ...values }] of stored.entries()) {
      const { label, score, probabilities } = answers[i]!;
      expect(found[i]).toMatchObject({ ...values, label: label ?? null, score: score ?? null });
      expect(found[i]!.probabilities ?? undefined).toEqual(probabilities);
    }
    expect(existsSync(`${work}/out.parquet.answers.jsonl`)).toBe(false);
    expect(existsSync(`${work}/out.parquet.partial`)).toBe(false);
  });

  it('of a tagger has entities as JSON', async () => {
    writeFileSync(`${work}/names.csv`, 'text\nPeter Blackburn\n""\n');
    const output = `${work}/entities.parquet`;
    const input = `${work}/names.csv`;
    expect(lsllama(['predict', tagger, '--input', input, '--output', output]).status).toBe(1);
    const [first, second] = await readParquet(output);
    const { stdout } = lsllama(['predict', tagger], '{"text": "Peter Blackburn"}\n');
    const { entities, tags, words } = JSON.parse(stdout);
    expect(first).toEqual({ text: 'Peter Blackburn', entities, tags, words, error: null });
    expect(second).toMatchObject({ text: '', entities: null, error: 'the text is empty' });
  });

  it('that is none is refused', () => {
    writeFileSync(`${work}/none.parquet`, 'text\nOil\n');
    expect(predict(`${work}/none.parquet`, 'none.jsonl')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/none\.parquet: cannot be read as Parquet: /),
    });
  });
});

describe('a run that was killed', () => {
  const count = 6000;
  const texts = Array.from({ length: count }, (_, i) =>
    i % 500 === 7 ? '' : `Text ${i}, "quoted"\nin two lines`,
  );

  beforeAll(() => {
    writeFileSync(`${work}/many.jsonl`, jsonLines(texts.map(text => ({ text }))));
    const field = (text: string) => `"${text.replaceAll('"', '""')}"`;
    writeFileSync(`${work}/many.csv`, `text\n${texts.map(text => `${field(text)}\n`).join('')}`);
  });

  it.each([
    ['many.jsonl', 'killed.jsonl', 'killed.jsonl'],
    ['many.csv', 'killed.csv', 'killed.csv'],
    ['many.csv', 'killed.parquet', 'killed.parquet.answers.jsonl'],
  ])('%s to %s goes on, and ends with the same bytes', async (input, output, growing) => {
    const whole = `whole-${output}`;
    expect(predict(`${work}/${input}`, whole).status).toBe(1);
    const args = ['predict', classifier, '--input', `${work}/${input}`, '--output', `${work}/${output}`];
    const child = spawn(process.execPath, [`${ROOT}/dist/cli.js`, ...args], { stdio: 'ignore' });
    while (child.exitCode === null && sizeOf(`${work}/${growing}`) === 0) await sleep(5);
    child.kill('SIGKILL');
    if (child.signalCode === null) await once(child, 'exit');
    expect(child.signalCode).toBe('SIGKILL');
    const kept = sizeOf(`${work}/${growing}`);
    expect(kept).toBeGreaterThan(0);
    // The end of what was written may be anywhere in a record.
    truncateSync(`${work}/${growing}`, kept - 11);
    const resumed = predict(`${work}/${input}`, output, '--resume');
    expect(resumed.status).toBe(1);
    expect(readFileSync(`${work}/${output}`).equals(readFileSync(`${work}/${whole}`))).toBe(true);
    expect(predict(`${work}/${input}`, output, '--resume').status).toBe(1);
    expect(readFileSync(`${work}/${output}`).equals(readFileSync(`${work}/${whole}`))).toBe(true);
  });

  it('is refused where the file has more answers than there are texts, or other columns', () => {
    writeFileSync(`${work}/one.jsonl`, '{"text": "a"}\n');
    writeFileSync(`${work}/two.jsonl`, '{"label": "World"}\n{"label": "World"}\n');
    expect(predict(`${work}/one.jsonl`, 'two.jsonl', '--resume').stderr).toMatch(
      /two\.jsonl: expected at most 1 answers, one for each row of .*one\.jsonl, found 2/,
    );
    writeFileSync(`${work}/other.csv`, 'a,b\n1,2\n');
    expect(predict(`${work}/many.csv`, 'other.csv', '--resume').stderr).toMatch(
      /other\.csv: expected the columns text, label, score, probabilities, error of an earlier run, found a, b/,
    );
    expect(lsllama(['predict', classifier, '--resume'])).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/--resume: expected --output/),
    });
  });

  function sizeOf(path: string): number {
    return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  }
});

it('JSON lines come from a pipe as well', () => {
  const command = `node "${ROOT}/dist/cli.js" predict "${classifier}" --input <(echo '{"text": "Oil"}')`;
  const { stdout } = spawnSync('bash', ['-c', command], { encoding: 'utf8' });
  expect(stdout).toBe(lsllama(['predict', classifier], '{"text": "Oil"}\n').stdout);
});

describe('--abstain', () => {
  const abstained = (...flags: string[]) => {
    const { stdout } = lsllama(['predict', classifier, ...flags], '{"text": "Oil prices fell."}\n');
    return JSON.parse(stdout);
  };

  it('gives null below the threshold, and leaves score and probabilities', () => {
    const answer = abstained();
    const { label, score, ...rest } = answer;
    expect(abstained('--threshold', '1')).toEqual({ label: null, score, ...rest });
    expect(abstained('--abstain', '--threshold', String(score))).toEqual(answer);
    expect(label).toEqual(expect.any(String));
  });

  it.each([
    [() => [classifier, '--abstain'], 1, /--abstain: expected a threshold, or a model with thresholds/],
    [() => [tagger, '--threshold', '0.5'], 1, /--abstain: expected a classifier, found an entity tagger/],
    [() => [classifier, '--threshold', '50'], 2, /expected a number from 0 to 1/],
  ] as const)('is refused where it has no meaning', (args, status, message) => {
    const result = lsllama(['predict', ...args()], '{"text": "a"}\n');
    expect(result).toMatchObject({ status, stderr: expect.stringMatching(message), stdout: '' });
  });
});
