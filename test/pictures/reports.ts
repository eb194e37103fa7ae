// Pictures of the reports that bench, eval and train write as pages.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { ROOT } from '../support/fixtures.js';
import { openIn } from './playground.js';

/** Texts of the training run, and of its development set. */
const TRAINED = { train: 500, dev: 200 };

/**
 * `data` has labelled texts for the shipped classifier. The sweep loads the service at `url` for some minutes, and the
 * training takes some more.
 */
export async function reportPictures(
  browser: Browser,
  url: string,
  folder: string,
  data: string,
): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'lsllama-reports-'));
  const lsllama = (...command: readonly string[]) =>
    execFileSync(process.execPath, [join(ROOT, 'dist/cli.js'), ...command], {
      // The report of a training run shows the command, which so has no path of this machine.
      cwd: work,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  const picture = async (name: string, html: string) => {
    const page = await openIn(browser, pathToFileURL(html).href, { colorScheme: 'light' });
    await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
    await page.context().close();
  };
  const report = async (name: string, ...command: readonly string[]) => {
    const html = join(work, `${name}.html`);
    lsllama(...command, '--html', html);
    await picture(name, html);
  };
  try {
    await report('bench', 'bench', `${url}/classify`, resolve(data), '--sweep');
    await report('eval', 'eval', join(ROOT, 'models/agnews-llama'), resolve(data), '--limit', '2000');
    const lines = readFileSync(data, 'utf8').split('\n');
    const dev = lines.slice(TRAINED.train, TRAINED.train + TRAINED.dev);
    writeFileSync(join(work, 'train.jsonl'), lines.slice(0, TRAINED.train).join('\n'));
    writeFileSync(join(work, 'dev.jsonl'), dev.join('\n'));
    symlinkSync(join(ROOT, 'models'), join(work, 'models'));
    lsllama(
      ...['train', '--base', 'models/smollm2-135m-instruct', '--task', 'sequence', '--attention', 'causal'],
      ...['--data', 'train.jsonl', '--dev', 'dev.jsonl', '--targets', 'all-linear', '--lr', '6e-4'],
      ...['--max-length', '96', '--out', 'news'],
    );
    await picture('training', join(work, 'news/training.html'));
  } finally {
    rmSync(work, { recursive: true });
  }
}
