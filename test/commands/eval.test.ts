// eval: the temperature that it fits, where it is kept and what it changes, and the report as a page.

import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { jsonLines, lsllama } from '../support/cli.js';
import { CHECKPOINTS, exportCheckpoint, readJson, temporaryFolder } from '../support/fixtures.js';

const work = temporaryFolder();
const LABELS = ['World', 'Sports', 'Business', 'Sci/Tech'];
let classifier: string;
let tagger: string;
const texts = Array.from({ length: 60 }, (_, i) => `Text ${i} of ${i * 7} about markets`);
const data = `${work}/data.jsonl`;
const tagged = `${work}/tagged.jsonl`;

interface Prediction {
  readonly label: string;
  readonly score: number;
  readonly probabilities: Record<string, number>;
  readonly logits: number[];
}

function predict(folder: string, ...flags: string[]): Prediction[] {
  const { stdout } = lsllama(
    ['predict', folder, '--logits', ...flags],
    jsonLines(texts.map(text => ({ text }))),
  );
  return stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line));
}

beforeAll(async () => {
  classifier = await exportCheckpoint('ls_llama_seq', work);
  tagger = await exportCheckpoint('ls_unllama_tok', work);
  // Two of three gold labels are the model's own, so that it is wrong now and then.
  const gold = predict(classifier).map(({ label }, i) => (i % 3 ? label : LABELS[i % 4]!));
  writeFileSync(data, jsonLines(texts.map((text, i) => ({ text, label: gold[i] }))));
  const words = (i: number) => ['Peter', 'Blackburn', `visited${i}`, 'Germany'];
  const { stdout } = lsllama(['predict', tagger], jsonLines(texts.map((_, i) => ({ tokens: words(i) }))));
  const lines = stdout.trimEnd().split('\n');
  const tags = lines.map((line, i) => (i % 3 ? JSON.parse(line).tags : ['B-PER', 'I-PER', 'O', 'B-LOC']));
  writeFileSync(tagged, jsonLines(texts.map((_, i) => ({ tokens: words(i), tags: tags[i] }))));
});

/** A copy of a model folder that a test may change. */
function copyOf(folder: string, name: string): string {
  cpSync(folder, `${work}/${name}`, { recursive: true });
  return `${work}/${name}`;
}

describe('the temperature', () => {
  it('that is fitted lowers the loss, is kept in the model folder, and changes probabilities alone', () => {
    const folder = copyOf(classifier, 'fitted');
    const { status, stdout, stderr } = lsllama(['eval', folder, data, '--fit-temperature', '--json']);
    expect(status).toBe(0);
    const { calibration, fitted, accuracy } = JSON.parse(stdout);
    expect(fitted.negative_log_likelihood).toBeLessThan(calibration.negative_log_likelihood);
    expect(stderr).toContain(`the temperature ${fitted.temperature} is kept in ${folder}/model.json`);
    expect(readJson(`${folder}/model.json`)).toMatchObject({ temperature: fitted.temperature });
    const again = JSON.parse(lsllama(['eval', folder, data, '--json']).stdout);
    expect(again).toMatchObject({ accuracy, calibration: fitted });
    const [plain, scaled] = [predict(classifier), predict(folder)];
    for (const [i, { label, logits, probabilities }] of scaled.entries()) {
      expect([label, logits]).toEqual([plain[i]!.label, plain[i]!.logits]);
      const weights = logits.map(logit => Math.exp(logit / fitted.temperature));
      const total = weights.reduce((a, b) => a + b);
      Object.values(probabilities).forEach((p, row) => {
        expect(p).toBeCloseTo(weights[row]! / total, 10);
      });
    }
  });

  it('of a recipe is kept there', () => {
    const folder = `${work}/recipe`;
    mkdirSync(folder);
    const { base, adapter } = {
      base: `${CHECKPOINTS}/ls_llama_seq/base`,
      adapter: `${CHECKPOINTS}/ls_llama_seq/adapter`,
    };
    writeFileSync(`${folder}/recipe.json`, JSON.stringify({ base, adapter, precision: 'float32' }));
    const { stdout } = lsllama(['eval', folder, data, '--fit-temperature', '--json']);
    const { temperature } = JSON.parse(stdout).fitted;
    expect(readJson(`${folder}/recipe.json`)).toEqual({ base, adapter, precision: 'float32', temperature });
    expect(lsllama(['inspect', folder]).stdout).toMatch(new RegExp(`^temperature +${temperature}$`, 'm'));
    const exported = lsllama(['export', '--recipe', folder, '--out', `${work}/exported`, '--no-verify']);
    expect(exported.status).toBe(0);
    expect(readJson(`${work}/exported/model.json`)).toMatchObject({
      temperature,
      version: expect.stringMatching(/^[0-9a-f]{12}-[0-9a-f]{8}$/),
    });
  });

  it('of a tagger is fitted over words, and leaves its tags', () => {
    const folder = copyOf(tagger, 'fitted-tagger');
    const before = JSON.parse(lsllama(['eval', tagger, tagged, '--json']).stdout);
    const { calibration, fitted, entity_calibration } = JSON.parse(
      lsllama(['eval', folder, tagged, '--fit-temperature', '--json']).stdout,
    );
    expect(calibration).toEqual(before.calibration);
    expect(calibration.count).toBe(4 * texts.length);
    expect(fitted.negative_log_likelihood).toBeLessThan(calibration.negative_log_likelihood);
    const after = JSON.parse(lsllama(['eval', folder, tagged, '--json']).stdout);
    expect([after.f1, after.labels]).toEqual([before.f1, before.labels]);
    expect(after.entity_calibration).toEqual(entity_calibration);
  });

  it('is refused for data that one model gets right, and for a signed folder', () => {
    const right = `${work}/right.jsonl`;
    const answers = predict(classifier);
    writeFileSync(right, jsonLines(texts.map((text, i) => ({ text, label: answers[i]!.label }))));
    expect(lsllama(['eval', classifier, right, '--fit-temperature'])).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/temperature: .*found none, with 0 of 60 answers wrong: give more data/),
    });
    const signed = copyOf(classifier, 'signed');
    writeFileSync(`${signed}/model.json.sig`, 'c2ln');
    expect(lsllama(['eval', signed, data, '--fit-temperature'])).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(/the model folder is signed/),
    });
  });
});

describe('the page', () => {
  it('has the figures, the tables and a diagram, and loads nothing else', () => {
    const page = `${work}/report.html`;
    const { stdout } = lsllama(['eval', classifier, data, '--html', page]);
    const html = readFileSync(page, 'utf8');
    const accuracy = /^accuracy +(\S+)$/m.exec(stdout)![1]!;
    expect(html).toContain(`<dt>accuracy</dt><dd>${accuracy}</dd>`);
    for (const label of LABELS) expect(html).toContain(`<th scope="row">${label}</th>`);
    expect(html.match(/<svg[^>]* role="img" aria-label="[^"]+"/g)).toHaveLength(1);
    expect(html).not.toMatch(/\b(src|href)=|url\(|@import|<script|<link/);
    expect(html).toContain('prefers-color-scheme: dark');
  });

  it('of a tagger has a table of its entities', () => {
    const page = `${work}/tagger.html`;
    expect(lsllama(['eval', tagger, tagged, '--html', page]).status).toBe(0);
    expect(readFileSync(page, 'utf8')).toMatch(/<th scope="row">PER<\/th>/);
  });

  it('that cannot be written is an error', () => {
    expect(lsllama(['eval', classifier, data, '--html', `${work}/absent/x.html`])).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/absent\/x\.html: cannot be written \(ENOENT\)/),
    });
    expect(existsSync(`${work}/absent`)).toBe(false);
  });
});

describe('--keep-reference', () => {
  it('keeps the shares of the labels that are predicted, and their mean score', () => {
    const folder = copyOf(classifier, 'reference');
    const before = readJson(`${folder}/model.json`) as { version: string };
    expect(lsllama(['eval', folder, data, '--keep-reference'])).toMatchObject({
      status: 0,
      stderr: expect.stringContaining(`the shares of the labels are kept in ${folder}/model.json`),
    });
    const { version, reference } = readJson(`${folder}/model.json`) as {
      version: string;
      reference: { labels: Record<string, number>; score: number };
    };
    // It changes no answer.
    expect(version).toBe(before.version);
    const predictions = predict(folder);
    for (const label of LABELS) {
      const count = predictions.filter(prediction => prediction.label === label).length;
      expect(reference.labels[label] ?? 0).toBeCloseTo(count / predictions.length, 9);
    }
    const total = predictions.reduce((sum, { score }) => sum + score, 0);
    expect(reference.score).toBeCloseTo(total / predictions.length, 6);
  });

  it('counts the entities of a tagger', () => {
    const folder = copyOf(tagger, 'taggerReference');
    lsllama(['eval', folder, tagged, '--keep-reference']);
    const { reference } = readJson(`${folder}/model.json`) as {
      reference: { labels: Record<string, number>; score: number };
    };
    const shares = Object.values(reference.labels);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
    expect(Object.keys(reference.labels).join()).not.toMatch(/[BI]-/);
  });

  it('is refused beside --fit-temperature, which changes the scores', () => {
    expect(lsllama(['eval', classifier, data, '--keep-reference', '--fit-temperature'])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('--keep-reference: expected a run of its own after --fit-temperature'),
    });
  });
});
