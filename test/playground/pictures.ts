// Takes the pictures of the playground and of the API reference in docs/pictures, with the shipped models.
// usage: npm run docs:pictures

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { defaultCache } from '../../dist/model/cache.js';
import { startBrowser } from '../support/browser.js';
import { ROOT } from '../support/fixtures.js';
import { type RunningService, ready, startService, stop } from '../support/serve.js';

const FOLDER = join(ROOT, 'docs/pictures');
const NEWS = [
  'The central bank raised interest rates again on Thursday.',
  'The striker scored twice in the last ten minutes of the cup final.',
  'Astronomers say the new telescope can see the first galaxies.',
];
const NAMES = [
  'Angela Merkel met executives of Siemens in München before she flew to the European Council in Brussels.',
  'Serena Williams beat Naomi Osaka at the Australian Open.',
];

const service = await startService(
  join(ROOT, 'models'),
  process.env.LSLLAMA_CACHE ?? defaultCache(),
  '--cache-size',
  '0',
);
await ready(service);
const { browser, close } = await startBrowser();
mkdirSync(FOLDER, { recursive: true });
await playground(browser, service, 'playground-light', 'agnews-llama', NEWS, { colorScheme: 'light' });
await playground(browser, service, 'playground-dark', 'conll03-unllama', NAMES, { colorScheme: 'dark' });
const narrow = { colorScheme: 'light', viewport: { width: 320, height: 640 } } as const;
await playground(browser, service, 'playground-320', 'conll03-unllama', NAMES.slice(0, 1), narrow);
await reference(browser, service, 'reference-light', { colorScheme: 'light' });
await reference(browser, service, 'reference-dark', { colorScheme: 'dark' });
await close();
await stop(service);

async function playground(
  browser: Browser,
  { url }: RunningService,
  name: string,
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
  await page.screenshot({ path: join(FOLDER, `${name}.png`), fullPage: true });
  await page.context().close();
}

async function reference(
  browser: Browser,
  { url }: RunningService,
  name: string,
  options: BrowserContextOptions,
): Promise<void> {
  const page = await openIn(browser, `${url}/docs`, options);
  await page.locator('#operations-default-classify .opblock-summary-control').click();
  await page.locator('#operations-default-classify .opblock-body').waitFor();
  await page.screenshot({ path: join(FOLDER, `${name}.png`) });
  await page.context().close();
}

async function openIn(browser: Browser, url: string, options: BrowserContextOptions): Promise<Page> {
  const viewport = { width: 1120, height: 860 };
  const context = await browser.newContext({ viewport, reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  await page.goto(url);
  return page;
}
