// Pages of the service in a browser, watched for everything that they ask for and complain about.

import axe from 'axe-core';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { type RunningBrowser, startBrowser } from '../support/browser.js';

export const CLASSIFIER = 'ls_llama_seq';
export const TAGGER = 'ls_unllama_tok';
export const EMOJI = '🙂👩‍👩‍👧 Peter Blackburn visited Germany 👍🏽 and the European Commission.';

/**
 * Starts a browser for the tests of a file. The function that is returned opens a page. After its test, the page must
 * have asked its own service alone, and must have complained about nothing.
 */
export function inBrowser(): (url: string, options?: BrowserContextOptions) => Promise<Page> {
  let running: RunningBrowser | undefined;
  /** The addresses that pages asked for, other than those of their services. */
  const strange: string[] = [];
  /** Errors of scripts, and what the content security policy refused. */
  const complaints: string[] = [];
  beforeAll(async () => {
    running = await startBrowser();
  });
  afterAll(() => running?.close());
  afterEach(async () => {
    for (const context of running!.browser.contexts()) await context.close();
    expect(strange.splice(0)).toEqual([]);
    expect(complaints.splice(0)).toEqual([]);
  });
  return async (url, options = {}) => {
    const context = await running!.browser.newContext(options);
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    page.on('request', request => {
      if (new URL(request.url()).origin !== new URL(url).origin) strange.push(request.url());
    });
    page.on('pageerror', error => complaints.push(error.message));
    page.on('console', message => {
      // The browser notes every answer that is not 200 itself.
      const isStatus = message.text().startsWith('Failed to load resource');
      if (message.type() === 'error' && !isStatus) complaints.push(message.text());
    });
    await page.goto(url);
    return page;
  };
}

export function choose(page: Page, model: string): Promise<string[]> {
  return page.getByLabel('Model').selectOption(model);
}

export function run(page: Page): Promise<void> {
  return page.getByRole('button', { name: 'Run', exact: true }).click();
}

/** Types the texts, one in each field, and runs them. Resolves when the answer is there. */
export async function ask(page: Page, model: string, ...texts: string[]): Promise<void> {
  await choose(page, model);
  for (const [index, text] of texts.entries()) {
    if (index > 0) await page.getByRole('button', { name: 'Add a text' }).click();
    await page.getByLabel(`Text ${index + 1}`, { exact: true }).fill(text);
  }
  await run(page);
  const last = texts.length - 1;
  await page.locator('article').nth(last).waitFor();
}

/** What axe finds on the page as it is, by rule and element: https://github.com/dequelabs/axe-core */
export async function violations(page: Page): Promise<string[]> {
  // The policy of the page refuses scripts that are added to it, but not what the debugger evaluates.
  await page.evaluate(axe.source);
  const found: axe.AxeResults = await page.evaluate('axe.run()');
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
  );
}

/** How many pixels of the page are to the right of the window. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
}
