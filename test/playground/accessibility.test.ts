// The playground for everyone: with the keyboard alone, in a narrow window, in both colours, and what axe says of it.

import { beforeAll, expect, it } from 'vitest';
import { exportCheckpoint, temporaryFolder } from '../support/fixtures.js';
import { type RunningService, ready, startService } from '../support/service.js';
import { ask, CLASSIFIER, choose, EMOJI, inBrowser, overflow, run, TAGGER, violations } from './page.js';

const LONG_WORD = `A text with a very long word: ${'x'.repeat(300)} and an end.`;

const models = temporaryFolder();
const visit = inBrowser();
let service: RunningService;

beforeAll(async () => {
  await exportCheckpoint(CLASSIFIER, models);
  await exportCheckpoint(TAGGER, models);
  service = await startService(models, models);
  await ready(service);
});

it('works with the keyboard alone', async () => {
  const page = await visit(service.url);
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

it.each(['light', 'dark'] as const)(
  '%s: nothing that axe finds, with every part shown',
  async colorScheme => {
    const page = await visit(service.url, { colorScheme, reducedMotion: 'reduce' });
    expect(await violations(page)).toEqual([]);
    await ask(page, CLASSIFIER, 'the market fell', 'a goal');
    await page.locator('#answer summary').click();
    expect(await violations(page)).toEqual([]);
    await page.getByLabel('Text 2', { exact: true }).fill(EMOJI);
    await choose(page, TAGGER);
    await run(page);
    await page.locator('mark').first().waitFor();
    expect(await violations(page)).toEqual([]);
    await choose(page, CLASSIFIER);
    await page.getByLabel('Text 1', { exact: true }).fill(' ');
    await run(page);
    await page.getByRole('alert').getByText('must not').waitFor();
    expect(await violations(page)).toEqual([]);
  },
);

it('the colours can be chosen, and the browser remembers them', async () => {
  const page = await visit(service.url, { colorScheme: 'light' });
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await background();
  await page.getByLabel('Colours').selectOption('Dark');
  const dark = await background();
  expect(dark).not.toBe(light);
  await page.reload();
  expect(await background()).toBe(dark);
});

it('fits a window of 320 pixels', async () => {
  const page = await visit(service.url, { viewport: { width: 320, height: 640 } });
  expect(await overflow(page)).toBeLessThanOrEqual(0);
  await ask(page, CLASSIFIER, LONG_WORD, 'a goal');
  for (const language of ['curl', 'TypeScript', 'Python']) {
    await page.getByText(language, { exact: true }).click();
    expect(await overflow(page)).toBeLessThanOrEqual(0);
  }
  await page.locator('#answer summary').click();
  expect(await overflow(page)).toBeLessThanOrEqual(0);
  await choose(page, TAGGER);
  await page.getByLabel('Text 1', { exact: true }).fill(EMOJI + LONG_WORD);
  await run(page);
  await page.locator('mark').first().waitFor();
  expect(await overflow(page)).toBeLessThanOrEqual(0);
});
