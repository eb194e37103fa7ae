// A page of the service in a browser, watched for everything that it asks for and complains about.

import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { expect } from 'vitest';

export interface OpenPage {
  readonly page: Page;
  /** The addresses of all requests so far. */
  readonly requests: string[];
  /** Errors of scripts, and what the content security policy refused. */
  readonly complaints: string[];
}

export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<OpenPage> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on('request', request => requests.push(request.url()));
  page.on('pageerror', error => complaints.push(error.message));
  page.on('console', message => {
    // The browser notes every answer that is not 200 itself.
    const isStatus = message.text().startsWith('Failed to load resource');
    if (message.type() === 'error' && !isStatus) complaints.push(message.text());
  });
  await page.goto(url);
  return { page, requests, complaints };
}

/** Closes a page, which must have asked the service alone and complained about nothing. */
export async function closePage({ page, requests, complaints }: OpenPage, url: string): Promise<void> {
  await page.context().close();
  expect(complaints).toEqual([]);
  expect(requests.filter(request => !request.startsWith(`${url}/`))).toEqual([]);
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
