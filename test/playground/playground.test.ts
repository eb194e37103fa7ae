// The playground in Chromium, against services of tiny models: its answers are those of the API.

import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { exportModel } from '../../dist/model/export.js';
import { exportCheckpoint, ROOT, requestOf, temporaryFolder } from '../support/fixtures.js';
import { post } from '../support/http.js';
import { matrixCases } from '../support/matrix.js';
import { type RunningService, ready, startService, stop } from '../support/service.js';
import { ask, CLASSIFIER, choose, EMOJI, inBrowser, overflow, run, TAGGER, violations } from './page.js';

const models = temporaryFolder();
const work = temporaryFolder();
const visit = inBrowser();
let service: RunningService;

beforeAll(async () => {
  await exportCheckpoint(CLASSIFIER, models);
  await exportCheckpoint(TAGGER, models);
  service = await startService(models, models);
  await ready(service);
});

const api = async (path: string, model: string, inputs: string | string[]) =>
  (await post(service.url + path, { model, inputs })).body;

const percent = (probability: number) => `${(probability * 100).toFixed(1)}%`;

describe('a classifier', () => {
  it('has bars of the probabilities that the API gives, the greatest first', async () => {
    const page = await visit(service.url);
    const text = 'the market fell';
    await ask(page, CLASSIFIER, text);
    const { results } = await api('/classify', CLASSIFIER, text);
    const expected = Object.entries<number>(results[0].probabilities).sort(([, a], [, b]) => b - a);
    const bars = page.locator('.bars li');
    expect(await bars.locator('.label').allTextContents()).toEqual(expected.map(([label]) => label));
    expect(await bars.locator('.percent').allTextContents()).toEqual(expected.map(([, p]) => percent(p)));
    const widths = () =>
      bars.evaluateAll(items =>
        items.map(item => {
          const width = (part: string) => (item.querySelector(part) as HTMLElement).clientWidth;
          return width('.fill') / width('.track');
        }),
      );
    // The bars grow to their widths.
    const shares = expected.map(([, p]) => expect.closeTo(p, 1));
    await expect.poll(widths, { timeout: 10_000 }).toEqual(shares);
    expect(await page.locator('.bars .chosen .label').textContent()).toBe(results[0].label);
  });

  it('answers several texts, each in its place', async () => {
    const page = await visit(service.url);
    const texts = ['the market fell', 'a goal in the last minute', 'a new telescope'];
    await ask(page, CLASSIFIER, ...texts);
    const { results } = await api('/classify', CLASSIFIER, texts);
    const tops = await page.locator('article .chosen').allTextContents();
    expect(tops).toEqual(
      results.map(({ label, score }: { label: string; score: number }) => label + percent(score)),
    );
    await page.getByRole('button', { name: 'Remove Text 2' }).click();
    await run(page);
    await expect.poll(() => page.locator('article').count()).toBe(2);
    expect(await page.locator('article .chosen').allTextContents()).toEqual([tops[0], tops[2]]);
  });
});

describe('a tagger', () => {
  it('has the entities of the API marked in the text, at the right places behind emoji', async () => {
    const page = await visit(service.url);
    await ask(page, TAGGER, EMOJI);
    const { entities } = (await api('/ner', TAGGER, EMOJI)).results[0];
    expect(entities.length).toBeGreaterThan(0);
    const marks = await page.locator('mark').evaluateAll(items =>
      items.map(item => {
        const textBefore = document.createRange();
        textBefore.setStart(item.parentNode!, 0);
        textBefore.setEndBefore(item);
        const before = textBefore.cloneContents();
        for (const tag of before.querySelectorAll('.tag')) {
          tag.previousSibling!.remove();
          tag.remove();
        }
        const text = item.firstChild!.textContent!;
        const start = [...before.textContent!].length;
        return { text, start, end: start + [...text].length, tag: item.querySelector('.tag')!.textContent };
      }),
    );
    expect(marks).toEqual(
      entities.map(({ text, start, end, label, score }: Record<string, string | number>) => ({
        text,
        start,
        end,
        tag: `${label} ${percent(score as number)}`,
      })),
    );
  });
});

describe('models of other kinds', () => {
  const others = temporaryFolder();
  let service: RunningService;

  beforeAll(async () => {
    const labels = Array.from({ length: 4 }, (_, i) => `a label with a long name, the number ${i + 1}`);
    const multi = { ...requestOf('ls_unllama_seq_mean'), problemType: 'multi', labels } as const;
    await exportModel(multi, join(others, 'multi'));
    const { request } = matrixCases().find(({ name }) => name === 'reward_model')!;
    await exportModel(request, join(others, 'reward'));
    mkdirSync(join(others, 'broken'));
    writeFileSync(join(others, 'broken/recipe.json'), '{}');
    service = await startService(others, others);
    await ready(service);
  });

  it('several labels may be given, a value has no bars, and a model that failed cannot be chosen', async () => {
    const page = await visit(service.url, { viewport: { width: 320, height: 640 } });
    const resultOf = async (model: string) =>
      (await post(`${service.url}/classify`, { model, inputs: 'a' })).body.results[0];
    expect(await page.locator('option[disabled]').allTextContents()).toEqual(['broken: failed']);

    await ask(page, 'multi', 'a');
    const { labels } = await resultOf('multi');
    const chosen = await page.locator('.bars .chosen .label').allTextContents();
    expect(chosen).toEqual(labels.map(({ label }: { label: string }) => label));
    expect(await overflow(page)).toBeLessThanOrEqual(0);

    await ask(page, 'reward', 'a');
    const { label, score } = await resultOf('reward');
    expect(await page.locator('.value').textContent()).toBe(`${label}: ${score}`);
    expect(await page.locator('.bars').count()).toBe(0);
  });
});

it('the time is split into encode, queue and forward pass, unless the result was kept', async () => {
  const page = await visit(service.url);
  const phases = async () => page.locator('#latency dt').allTextContents();
  await ask(page, CLASSIFIER, 'a text that nobody has asked for before');
  expect(await phases()).toEqual(['Encode', 'Queue', 'Forward pass', 'Answer', 'Network']);
  for (const value of await page.locator('#latency dd').allTextContents())
    expect(value).toMatch(/^\d+(\.\d+)? m?s$/);
  await run(page);
  await page.getByText('no forward pass').waitFor();
  expect(await phases()).toEqual(['Encode', 'Answer', 'Network']);
});

describe('what the service refuses is told in words', () => {
  const alert = (page: Page) => page.getByRole('alert');

  it('a text that is empty, with the field that it is in', async () => {
    const page = await visit(service.url);
    await choose(page, CLASSIFIER);
    await page.getByRole('button', { name: 'Add a text' }).click();
    await run(page);
    await alert(page).getByText('Text 2: must not be empty or only white space.').waitFor();
    const field = page.getByLabel('Text 2', { exact: true });
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    expect(await field.evaluate(element => element === document.activeElement)).toBe(true);
    expect(await page.locator('article').count()).toBe(0);
  });

  it('a missing and a wrong API key; a right one is kept for the tab alone', async () => {
    const guarded = await startService(models, models, '--api-key', 'secret-of-the-service');
    await ready(guarded);
    const page = await visit(guarded.url);
    await alert(page).getByText('This service asks for an API key.').waitFor();
    const key = page.getByLabel('API key');
    await key.fill('wrong');
    await key.press('Tab');
    await alert(page).getByText('The API key is wrong').waitFor();
    await key.fill('secret-of-the-service');
    await key.press('Tab');
    await expect.poll(() => alert(page).textContent()).toBe('');
    await ask(page, CLASSIFIER, 'the market fell');
    const kept = await page.evaluate(() => [
      JSON.stringify(localStorage),
      JSON.stringify(sessionStorage),
      document.cookie,
      document.getElementById('snippet')!.textContent,
    ]);
    expect(kept.map(text => text.includes('secret-of'))).toEqual([false, true, false, false]);
    expect(kept[3]).toContain('$LSLLAMA_API_KEY');
    expect(await violations(page)).toEqual([]);

    await stop(guarded);
    await run(page);
    await alert(page).getByText('The service does not answer').waitFor();
  });
});

describe('the code to copy', () => {
  const python = spawnSync('python3', ['--version']).status === 0;
  const tsx = join(ROOT, 'node_modules/.bin/tsx');
  const commands: Record<string, (file: string) => readonly [string, ...string[]]> = {
    curl: file => ['sh', file],
    TypeScript: file => [tsx, file],
    Python: file => ['python3', file],
  };
  const texts = [`It's "quoted", with $HOME, \\n, \`ticks\`,\na second line and 🙂`, "l'été"];

  const languages = [
    ['curl', 'sh'],
    ['TypeScript', 'mts'],
    ['Python', 'py'],
  ] as const;

  it.each(languages.filter(([language]) => python || language !== 'Python'))(
    'in %s gives the answer that the page shows',
    async (language, extension) => {
      const page = await visit(service.url);
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
      await ask(page, CLASSIFIER, ...texts);
      await page.getByText(language, { exact: true }).click();
      await page.getByRole('button', { name: 'Copy' }).click();
      await page.getByRole('button', { name: 'Copied' }).waitFor();
      const copied = await page.evaluate(() => navigator.clipboard.readText());
      const file = join(work, `request.${extension}`);
      writeFileSync(file, copied);
      const [program, ...args] = commands[language]!(file);
      const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
      expect(status, stderr).toBe(0);
      const shown = await page.locator('#answer-json').textContent();
      expect(JSON.parse(stdout)).toEqual(JSON.parse(shown!));
    },
  );
});
