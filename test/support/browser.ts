// The Chromium of the package @sparticuz/chromium, which holds its binary: no browser needs to be installed.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import chromium from '@sparticuz/chromium';
import { type Browser, chromium as playwright } from 'playwright-core';

export interface RunningBrowser {
  readonly browser: Browser;
  close(): Promise<void>;
}

export async function startBrowser(): Promise<RunningBrowser> {
  const folder = mkdtempSync(join(tmpdir(), 'lsllama-chromium-'));
  const { TMPDIR } = process.env;
  // The package unpacks its files into the folder for temporary files, and takes what it finds there for complete.
  process.env.TMPDIR = folder;
  const executablePath = await chromium.executablePath().finally(() => restore('TMPDIR', TMPDIR));
  const browser = await playwright.launch({ executablePath, args: ['--no-sandbox', '--no-zygote'] });
  const close = async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { browser, close };
}

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}
