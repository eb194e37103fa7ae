// Pairs of texts, over HTTP and by predict and eval: the logits are those of transformers and PEFT.
// test/fixtures/pairs/make_golden.py made the expected values.

import { writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { jsonLines, lsllama } from '../support/cli.js';
import { exportCheckpoint, ROOT, readJson, temporaryFolder, worstDifference } from '../support/fixtures.js';
import { expectSchema, post as postTo } from '../support/http.js';
import { type RunningService, ready, startService } from '../support/service.js';

interface PairGolden {
  readonly text: string;
  readonly text_pair: string;
  readonly truncated: boolean;
  readonly ids: readonly number[];
  readonly logits: readonly number[];
}

const { checkpoint: PAIRS, logits: goldens } = readJson(`${ROOT}/test/fixtures/pairs/golden.json`) as {
  checkpoint: string;
  logits: PairGolden[];
};
const inputs = goldens.map(({ text, text_pair }) => ({ text, text_pair }));
/** Its tokenizer puts no token between the texts of a pair. */
const NO_PAIRS = 'ls_llama_seq';

const models = temporaryFolder();
const folder = temporaryFolder();
let service: RunningService;

beforeAll(async () => {
  for (const name of [PAIRS, NO_PAIRS, 'llama2_tokenizer_tok']) await exportCheckpoint(name, models);
  service = await startService(models, models);
  await ready(service);
});

async function classify(body: object) {
  const { status, body: answer } = await postTo(`${service.url}/classify`, { model: PAIRS, ...body });
  expectSchema(status === 200 ? 'ClassifyResponse' : 'Problem', answer);
  return { status, ...answer };
}

describe('POST /classify', () => {
  it('has the logits of transformers and PEFT for pairs, also beside texts', async () => {
    const { results } = await classify({ inputs: [...inputs, 'one text'], raw_scores: true });
    expect(results).toHaveLength(goldens.length + 1);
    for (const [i, { logits, ids, truncated }] of goldens.entries()) {
      expect(worstDifference(logits as number[], results[i].logits)).toBeLessThan(1e-4);
      expect(results[i]).toMatchObject({ tokens: ids.length, truncated });
    }
  });

  it('reads a single pair', async () => {
    const [first] = (await classify({ inputs })).results;
    expect((await classify({ inputs: inputs[0]! })).results).toEqual([first]);
  });

  it('reads pairs in the worker thread', async () => {
    const [first] = (await classify({ inputs: inputs[0]! })).results;
    const many = Array.from({ length: 2_000 }, () => inputs[0]!);
    const { results } = await classify({ inputs: many });
    expect(results).toHaveLength(2_000);
    expect(results[1_999]).toEqual(first);
  });

  it.each([
    ['a blank second text', { text: 'a', text_pair: ' ' }, '/inputs/text_pair', /white space/],
    ['a missing second text', [{ text: 'a' }], '/inputs/0', /text_pair/],
    ['an unknown field', [{ text: 'a', text_pair: 'b', third: 'c' }], '/inputs/0', /third/],
    ['a list of lists', [['a', 'b']], '/inputs/0', /must be string or object/],
  ])('refuses %s', async (_, wrong, path, message) => {
    const { status, detail, errors } = await classify({ inputs: wrong });
    expect(status).toBe(422);
    expect(errors).toMatchObject([{ path }]);
    expect(detail).toMatch(message);
  });

  it('refuses pairs that cannot be read, and says why', async () => {
    const mixed = ['one text', inputs[0]!];
    const without = await classify({ model: NO_PAIRS, inputs: mixed });
    expect(without).toMatchObject({ status: 422, errors: [{ path: '/inputs/1' }] });
    expect(without.detail).toMatch(/no template for pairs/);
    const windows = await classify({ inputs: mixed, long_text: 'mean' });
    expect(windows).toMatchObject({ status: 422, errors: [{ path: '/inputs/1' }] });
    expect(windows.detail).toMatch(/windows/);
    const tooLong = await classify({ inputs: [inputs[3]!], truncate: false });
    expect(tooLong).toMatchObject({ status: 422, errors: [{ path: '/inputs/0' }] });
  });
});

describe('POST /predict of text-embeddings-inference', () => {
  const predict = (inputs: unknown, options: object = {}) =>
    postTo(`${both.url}/predict`, { inputs, ...options });
  const pairOf = ({ text, text_pair }: (typeof inputs)[number]) => [text, text_pair];
  /** A service with the one classifier that /predict asks. */
  let both: RunningService;
  beforeAll(async () => {
    const alone = `${folder}/alone`;
    await exportCheckpoint(PAIRS, alone);
    both = await startService(alone, folder);
    await ready(both);
  });

  it('has the probabilities of /classify for a pair and for a batch of pairs and texts', async () => {
    const { results } = await classify({ inputs: [...inputs, 'one text'] });
    const scores = (results as { probabilities: Record<string, number> }[]).map(({ probabilities }) =>
      Object.values(probabilities).sort((a, b) => b - a),
    );
    const batch = await predict([...inputs.map(pairOf), ['one text']]);
    const scoresOf = (labels: { score: number }[]) => labels.map(({ score }) => score);
    expect((batch.body as { score: number }[][]).map(scoresOf)).toEqual(scores);
    expect(scoresOf((await predict(pairOf(inputs[0]!))).body)).toEqual(scores[0]);
  });

  it('cuts pairs on the side that is asked for', async () => {
    const [right, left] = await Promise.all(
      ['Right', 'Left'].map(truncation_direction => predict(pairOf(inputs[3]!), { truncation_direction })),
    );
    expect(left!.body).not.toEqual(right!.body);
  });

  it('refuses three texts', async () => {
    const { status, body } = await predict(['a', 'b', 'c']);
    expect([status, body.detail]).toEqual([422, expect.stringMatching(/a batch is a list of lists/)]);
  });
});

describe('predict and eval', () => {
  it('read pairs from JSON lines', () => {
    const { stdout } = lsllama(['predict', `${models}/${PAIRS}`, '--logits'], jsonLines(inputs));
    const answers = stdout
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line));
    for (const [i, { logits }] of goldens.entries())
      expect(worstDifference(logits as number[], answers[i].logits)).toBeLessThan(1e-4);
    const labelled = inputs.map((pair, i) => ({ ...pair, label: answers[i].label }));
    const { stdout: report } = lsllama(['eval', `${models}/${PAIRS}`, '-', '--json'], jsonLines(labelled));
    expect(JSON.parse(report).accuracy).toBe(1);
  });

  it('read pairs from CSV, and refuse an empty second text', () => {
    const quoted = (text: string) => `"${text}"`;
    const rows = [...inputs.map(pair => [pair.text, pair.text_pair]), ['one text', '']];
    const csv = [['text', 'text_pair'], ...rows].map(row => row.map(quoted).join(',')).join('\n');
    writeFileSync(`${folder}/pairs.csv`, `${csv}\n`);
    const { stdout } = lsllama(
      ['predict', `${models}/${PAIRS}`, '--logits'],
      jsonLines([...inputs, { text: 'one text', text_pair: '' }]),
    );
    const logitsOf = (lines: string) =>
      lines
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line))
        .map(({ logits, error }) => logits ?? error);
    expect(logitsOf(stdout).at(-1)).toBe('a text of the pair is empty');
    const written = lsllama(['predict', `${models}/${PAIRS}`, '--logits', '--input', `${folder}/pairs.csv`]);
    expect(logitsOf(written.stdout)).toEqual(logitsOf(stdout));
  });

  it('take a column text_pair for the text where --text-column says so', () => {
    const file = `${folder}/indexed.csv`;
    // pandas writes its index as a column without a name.
    writeFileSync(file, ',text_pair\n0,one text\n');
    const args = ['predict', `${models}/${PAIRS}`, '--logits', '--text-column', 'text_pair'];
    const { stdout: plain } = lsllama(
      ['predict', `${models}/${PAIRS}`, '--logits'],
      jsonLines([{ text: 'one text' }]),
    );
    const { logits } = JSON.parse(plain);
    expect(JSON.parse(lsllama([...args, '--input', file]).stdout).logits).toEqual(logits);
    const lines = jsonLines([{ '': '0', text_pair: 'one text' }]);
    expect(JSON.parse(lsllama(args, lines).stdout).logits).toEqual(logits);
  });

  it('a tagger refuses a pair', () => {
    const { stdout } = lsllama(['predict', `${models}/llama2_tokenizer_tok`], jsonLines([inputs[0]!]));
    expect(JSON.parse(stdout).error).toMatch(/expected one text, found a pair/);
  });
});
