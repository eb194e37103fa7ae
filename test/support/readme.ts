// Writes the README's generated table. usage: npm run readme

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './fixtures.js';
import { withSupportTable } from './supportTable.js';

const path = join(ROOT, 'README.md');
writeFileSync(path, withSupportTable(readFileSync(path, 'utf8')));
