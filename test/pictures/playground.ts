// Pictures of the playground and of the API reference, with the shipped models.

import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

const NEWS = [
  'The central bank raised interest rates again on Thursday.',
  'The striker scored twice in the last ten minutes of the cup final.',
  'Astronomers say the new telescope can see the first galaxies.',
];
const NAMES = [
  'Angela Merkel met executives of Siemens in München before she flew to the European Council in Brussels.',
  'Serena Williams beat Naomi Osaka at the Australian Open.',
];

export async function playgroundPictures(browser: Browser, url: string, folder: string): Promise<void> {
  const playground = (
    name: string,
    model: string,
    texts: readonly string[],
    options: BrowserContextOptions,
  ) => takePlayground(browser, url, join(folder, `${name}.png`), model, texts, options);
  await playground('playground-light', 'agnews-llama', NEWS, { colorScheme: 'light' });
  await playground('playground-dark', 'conll03-unllama', NAMES, { colorScheme: 'dark' });
  const narrow = { colorScheme: 'light', viewport: { width: 320, height: 640 } } as const;
  await playground('playground-320', 'conll03-unllama', NAMES.slice(0, 1), narrow);
  for (const colorScheme of ['light', 'dark'] as const)
    await takeReference(browser, url, join(folder, `reference-${colorScheme}.png`), { colorScheme });
}

async function takePlayground(
  browser: Browser,
  url: string,
  path: string,
  model: string,
  texts: readonly string[],
  options: BrowserContextOptions,
): Promise<void> {
  const page = await openIn(browser, `${url}/`, options);
  await page.getByLabel('Model').selectOption(model);
  for (const [index, text] of texts.entries()) {
    if (index > 0) await page.getByRole('button', { name: 'Add a text' }).click();
    await page.getByLabel(`Text ${index + 1}`, { exact: true }).fill(text);
  }
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page
    .locator('article')
    .nth(texts.length - 1)
    .waitFor();
  await page.mouse.move(0, 0);
  await page.screenshot({ path, fullPage: true });
  await page.context().close();
}

async function takeReference(
  browser: Browser,
  url: string,
  path: string,
  options: BrowserContextOptions,
): Promise<void> {
  const page = await openIn(browser, `${url}/docs`, options);
  await page.locator('#operations-default-classify .opblock-summary-control').click();
  await page.locator('#operations-default-classify .opblock-body').waitFor();
  await page.screenshot({ path });
  await page.context().close();
}

/** Opens a page without animations, in a window of the size of the pictures. */
export async function openIn(browser: Browser, url: string, options: BrowserContextOptions): Promise<Page> {
  const viewport = { width: 1120, height: 860 };
  // Without a locale, Chromium has one under LANG=C that its own NumberFormat refuses, and the plots of bench need it.
  const context = await browser.newContext({
    viewport,
    locale: 'en-US',
    reducedMotion: 'reduce',
    ...options,
  });
  const page = await context.newPage();
  await page.goto(url);
  return page;
}
