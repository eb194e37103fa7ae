// The playground in Chromium, against services of tiny models: its answers are those of the API.

import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { exportModel } from '../../dist/model/export.js';
import { startBrowser } from '../support/browser.js';
import { exportCheckpoint, ROOT, requestOf, temporaryFolder } from '../support/fixtures.js';
import { post } from '../support/http.js';
import { matrixCases } from '../support/matrix.js';
import { type RunningService, ready, startService, stop } from '../support/service.js';
import { closePage, type OpenPage, openPage, overflow, violations } from './page.js';

const CLASSIFIER = 'ls_llama_seq';
const TAGGER = 'ls_unllama_tok';
const EMOJI = '🙂👩‍👩‍👧 Peter Blackburn visited Germany 👍🏽 and the European Commission.';
const LONG = 'A text with a very long word: '.concat('x'.repeat(300), ' and an end.');

const models = temporaryFolder();
const work = temporaryFolder();
let service: RunningService;
let browser: Browser;
let closeBrowser: () => Promise<void>;
let opened: { readonly open: OpenPage; readonly url: string } | undefined;

beforeAll(async () => {
  await exportCheckpoint(CLASSIFIER, models);
  await exportCheckpoint(TAGGER, models);
  service = await startService(models, models);
  ({ browser, close: closeBrowser } = await startBrowser());
  await ready(service);
});
afterAll(() => closeBrowser?.());
afterEach(async () => {
  if (opened) await closePage(opened.open, opened.url);
  opened = undefined;
});

async function visit(options: BrowserContextOptions = {}, { url } = service): Promise<Page> {
  const open = await openPage(browser, `${url}/`, options);
  opened = { open, url };
  return open.page;
}

const choose = (page: Page, model: string) => page.getByLabel('Model').selectOption(model);

/** Types the texts, one in each field, and runs them. Resolves when the answer is there. */
async function askIn(page: Page, model: string, ...texts: string[]): Promise<void> {
  await choose(page, model);
  for (const [index, text] of texts.entries()) {
    if (index > 0) await page.getByRole('button', { name: 'Add a text' }).click();
    await page.getByLabel(`Text ${index + 1}`, { exact: true }).fill(text);
  }
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page
    .locator('article')
    .nth(texts.length - 1)
    .waitFor();
}

const api = async (path: string, model: string, inputs: string | string[]) =>
  (await post(service.url + path, { model, inputs })).body;

const percent = (probability: number) => `${(probability * 100).toFixed(1)}%`;

describe('a classifier', () => {
  it('has bars of the probabilities that the API gives, the greatest first', async () => {
    const page = await visit();
    const text = 'the market fell';
    await askIn(page, CLASSIFIER, text);
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
    const page = await visit();
    const texts = ['the market fell', 'a goal in the last minute', 'a new telescope'];
    await askIn(page, CLASSIFIER, ...texts);
    const { results } = await api('/classify', CLASSIFIER, texts);
    const tops = await page.locator('article .chosen').allTextContents();
    expect(tops).toEqual(
      results.map(({ label, score }: { label: string; score: number }) => label + percent(score)),
    );
    await page.getByRole('button', { name: 'Remove Text 2' }).click();
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await expect.poll(() => page.locator('article').count()).toBe(2);
    expect(await page.locator('article .chosen').allTextContents()).toEqual([tops[0], tops[2]]);
  });
});

describe('a tagger', () => {
  it('has the entities of the API marked in the text, at the right places behind emoji', async () => {
    const page = await visit();
    await askIn(page, TAGGER, EMOJI);
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
    const page = await visit({ viewport: { width: 320, height: 640 } }, service);
    const ask = (body: object) => post(`${service.url}/classify`, body);
    expect(await page.locator('option[disabled]').allTextContents()).toEqual(['broken: failed']);

    await askIn(page, 'multi', 'a');
    const { labels } = (await ask({ model: 'multi', inputs: 'a' })).body.results[0];
    const chosen = await page.locator('.bars .chosen .label').allTextContents();
    expect(chosen).toEqual(labels.map(({ label }: { label: string }) => label));
    expect(await overflow(page)).toBeLessThanOrEqual(0);

    await askIn(page, 'reward', 'a');
    const { label, score } = (await ask({ model: 'reward', inputs: 'a' })).body.results[0];
    expect(await page.locator('.value').textContent()).toBe(`${label}: ${score}`);
    expect(await page.locator('.bars').count()).toBe(0);
  });
});

it('the time is split into encode, queue and forward pass, unless the result was kept', async () => {
  const page = await visit();
  const phases = async () => page.locator('#latency dt').allTextContents();
  await askIn(page, CLASSIFIER, 'a text that nobody has asked for before');
  expect(await phases()).toEqual(['Encode', 'Queue', 'Forward pass', 'Answer', 'Network']);
  for (const value of await page.locator('#latency dd').allTextContents())
    expect(value).toMatch(/^\d+(\.\d+)? m?s$/);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.getByText('no forward pass').waitFor();
  expect(await phases()).toEqual(['Encode', 'Answer', 'Network']);
});

it('works with the keyboard alone', async () => {
  const page = await visit();
  const { keyboard } = page;
  const focused = () =>
    page.evaluate(() => document.activeElement!.id || document.activeElement!.textContent);
  const tabTo = async (target: string) => {
    for (let i = 0; i < 20 && (await focused()) !== target; i++) await keyboard.press('Tab');
    expect(await focused()).toBe(target);
  };
  await tabTo('model');
  await keyboard.type(TAGGER);
  await tabTo('text-1');
  await keyboard.press('Control+a');
  await keyboard.type('Peter Blackburn');
  await tabTo('add');
  await keyboard.press('Enter');
  expect(await focused()).toBe('text-2');
  await keyboard.type('Germany');
  await keyboard.press('Control+Enter');
  await page.locator('article').nth(1).waitFor();
  expect(await page.locator('.tagged').count()).toBe(2);
  await tabTo('Remove');
  await keyboard.press('Enter');
  expect(await focused()).toBe('text-2');
  await tabTo('run');
  await page.getByLabel('curl').focus();
  await keyboard.press('ArrowRight');
  expect(await page.locator('#snippet').textContent()).toMatch(/^const response = await fetch/);
});

describe('what the service refuses is told in words', () => {
  const alert = (page: Page) => page.getByRole('alert');

  it('a text that is empty, with the field that it is in', async () => {
    const page = await visit();
    await choose(page, CLASSIFIER);
    await page.getByRole('button', { name: 'Add a text' }).click();
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await alert(page).getByText('Text 2: must not be empty or only white space.').waitFor();
    const field = page.getByLabel('Text 2', { exact: true });
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    expect(await field.evaluate(element => element === document.activeElement)).toBe(true);
    expect(await page.locator('article').count()).toBe(0);
  });

  it('a missing and a wrong API key; a right one is kept for the tab alone', async () => {
    const guarded = await startService(models, models, '--api-key', 'secret-of-the-service');
    await ready(guarded);
    const page = await visit({}, guarded);
    await alert(page).getByText('This service asks for an API key.').waitFor();
    const key = page.getByLabel('API key');
    await key.fill('wrong');
    await key.press('Tab');
    await alert(page).getByText('The API key is wrong').waitFor();
    await key.fill('secret-of-the-service');
    await key.press('Tab');
    await expect.poll(() => alert(page).textContent()).toBe('');
    await askIn(page, CLASSIFIER, 'the market fell');
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
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await alert(page).getByText('The service does not answer').waitFor();
  });
});

it.each(['light', 'dark'] as const)(
  '%s: nothing that axe finds, with every part shown',
  async colorScheme => {
    const page = await visit({ colorScheme, reducedMotion: 'reduce' });
    expect(await violations(page)).toEqual([]);
    await askIn(page, CLASSIFIER, 'the market fell', 'a goal');
    await page.locator('#answer summary').click();
    expect(await violations(page)).toEqual([]);
    await page.getByLabel('Text 2', { exact: true }).fill(EMOJI);
    await choose(page, TAGGER);
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.locator('mark').first().waitFor();
    expect(await violations(page)).toEqual([]);
    await choose(page, CLASSIFIER);
    await page.getByLabel('Text 1', { exact: true }).fill(' ');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByRole('alert').getByText('must not').waitFor();
    expect(await violations(page)).toEqual([]);
  },
);

it('the colours can be chosen, and the browser remembers them', async () => {
  const page = await visit({ colorScheme: 'light' });
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await background();
  await page.getByLabel('Colours').selectOption('Dark');
  const dark = await background();
  expect(dark).not.toBe(light);
  await page.reload();
  expect(await background()).toBe(dark);
});

it('fits a window of 320 pixels', async () => {
  const page = await visit({ viewport: { width: 320, height: 640 } });
  expect(await overflow(page)).toBeLessThanOrEqual(0);
  await askIn(page, CLASSIFIER, LONG, 'a goal');
  for (const language of ['curl', 'TypeScript', 'Python']) {
    await page.getByText(language, { exact: true }).click();
    expect(await overflow(page)).toBeLessThanOrEqual(0);
  }
  await page.locator('#answer summary').click();
  expect(await overflow(page)).toBeLessThanOrEqual(0);
  await choose(page, TAGGER);
  await page.getByLabel('Text 1', { exact: true }).fill(EMOJI + LONG);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.locator('mark').first().waitFor();
  expect(await overflow(page)).toBeLessThanOrEqual(0);
});

describe('the code to copy', () => {
  const python = spawnSync('python3', ['--version']).status === 0;
  const tsx = join(ROOT, 'node_modules/.bin/tsx');
  const run: Record<string, (file: string) => readonly [string, ...string[]]> = {
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
      const page = await visit();
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
      await askIn(page, CLASSIFIER, ...texts);
      await page.getByText(language, { exact: true }).click();
      await page.getByRole('button', { name: 'Copy' }).click();
      await page.getByRole('button', { name: 'Copied' }).waitFor();
      const copied = await page.evaluate(() => navigator.clipboard.readText());
      const file = join(work, `request.${extension}`);
      writeFileSync(file, copied);
      const [program, ...args] = run[language]!(file);
      const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
      expect(status, stderr).toBe(0);
      const shown = await page.locator('#answer-json').textContent();
      expect(JSON.parse(stdout)).toEqual(JSON.parse(shown!));
    },
  );
});
