// Pictures of the reports that bench and eval write as pages.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { ROOT } from '../support/fixtures.js';
import { openIn } from './playground.js';

/** `data` has labelled texts for the shipped classifier. The sweep loads the service at `url` for some minutes. */
export async function reportPictures(
  browser: Browser,
  url: string,
  folder: string,
  data: string,
): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'lsllama-reports-'));
  const report = async (name: string, ...command: readonly string[]) => {
    const html = join(work, `${name}.html`);
    const args = [join(ROOT, 'dist/cli.js'), ...command, '--html', html];
    execFileSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    const page = await openIn(browser, pathToFileURL(html).href, { colorScheme: 'light' });
    await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
    await page.context().close();
  };
  try {
    await report('bench', 'bench', `${url}/classify`, data, '--sweep');
    await report('eval', 'eval', join(ROOT, 'models/agnews-llama'), data, '--limit', '2000');
  } finally {
    rmSync(work, { recursive: true });
  }
}
