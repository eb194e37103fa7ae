// npm run docs:pictures: takes the pictures in docs/pictures, with the shipped models in Chromium.
// usage: npm run docs:pictures -- DATA.jsonl   (labelled texts of AG News)

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { program } from 'commander';
import { defaultCache } from '../../dist/model/cache.js';
import { startBrowser } from '../support/browser.js';
import { ROOT } from '../support/fixtures.js';
import { ready, startService, stop } from '../support/serve.js';
import { playgroundPictures } from './playground.js';
import { reportPictures } from './reports.js';

program.argument('<data>', 'labelled texts of AG News, in JSON lines').parse();
const [data] = program.args as [string];
const folder = join(ROOT, 'docs/pictures');
mkdirSync(folder, { recursive: true });
const cache = process.env.LSLLAMA_CACHE ?? defaultCache();
const service = await startService(join(ROOT, 'models'), cache, '--cache-size', '0');
await ready(service);
const { browser, close } = await startBrowser();
await playgroundPictures(browser, service.url, folder);
await reportPictures(browser, service.url, folder, data);
await close();
await stop(service);
