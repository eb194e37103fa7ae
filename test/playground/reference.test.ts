// The API reference at /docs in Chromium: all of openapi.yaml, from the service alone.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { exportCheckpoint, ROOT, temporaryFolder } from '../support/fixtures.js';
import { type RunningService, ready, startService } from '../support/service.js';
import { CLASSIFIER, inBrowser, overflow, violations } from './page.js';

const models = temporaryFolder();
const document = parse(readFileSync(join(ROOT, 'openapi.yaml'), 'utf8'));
const visit = inBrowser();
let service: RunningService;

beforeAll(async () => {
  await exportCheckpoint(CLASSIFIER, models);
  service = await startService(models, models);
  await ready(service);
});

async function visitReference(options: BrowserContextOptions = {}): Promise<Page> {
  const page = await visit(`${service.url}/docs`, options);
  await page.locator('.opblock').first().waitFor();
  return page;
}

it('lists every operation, and links back to the playground', async () => {
  const page = await visitReference();
  const operations = Object.entries<object>(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map(method => `${method.toUpperCase()} ${path}`),
  );
  const listed = await page.locator('.opblock-summary').evaluateAll(items =>
    items.map(item => {
      const text = (part: string) => item.querySelector(part)!.textContent!.replaceAll('\u200b', '');
      return `${text('.opblock-summary-method')} ${text('.opblock-summary-path')}`;
    }),
  );
  expect(listed.sort()).toEqual(operations.sort());
  await page.getByRole('link', { name: 'Playground' }).click();
  await page.getByRole('button', { name: 'Run', exact: true }).waitFor();
});

it('sends a request to the service that it comes from', async () => {
  const page = await visitReference();
  const models = page.locator('#operations-default-listModels');
  await models.locator('.opblock-summary-control').click();
  await models.getByRole('button', { name: 'Try it out' }).click();
  await models.getByRole('button', { name: 'Execute' }).click();
  await models.locator('.live-responses-table').getByText(CLASSIFIER).first().waitFor();
});

/** What axe finds in the elements that Swagger UI makes, which no style can mend. */
const OF_THE_RENDERER = [
  'heading-order',
  'label',
  'nested-interactive',
  'region',
  'scrollable-region-focusable',
];

it.each(['light', 'dark'] as const)('%s: axe finds nothing that is in our hands', async colorScheme => {
  const page = await visitReference({ colorScheme });
  const classify = page.locator('#operations-default-classify');
  await classify.locator('.opblock-summary-control').click();
  await classify.getByRole('button', { name: 'Try it out' }).click();
  await classify.getByRole('button', { name: 'Execute' }).waitFor();
  const found = await violations(page);
  expect(found.filter(violation => !OF_THE_RENDERER.includes(violation.split(':')[0]!))).toEqual([]);
});

it('fits a window of 320 pixels', async () => {
  const page = await visitReference({ viewport: { width: 320, height: 640 } });
  expect(await overflow(page)).toBeLessThanOrEqual(0);
});
