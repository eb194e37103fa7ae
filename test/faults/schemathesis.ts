// Requests that schemathesis makes from openapi.yaml, valid and invalid ones, with all its checks of the answers.
// https://schemathesis.readthedocs.io

import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT, readJson } from '../support/fixtures.js';
import { stop } from '../support/serve.js';
import type { Fault, FaultResult } from './fault.js';
import { startShipped } from './shipped.js';

/** For each operation. With those that follow links from answer to answer, more than 20,000 in all, in some ten minutes. */
const CASES_PER_OPERATION = 1150;

/** It sends ten thousand texts at once, which take a service on two cores more than its default of ten seconds. */
const REQUEST_TIMEOUT_S = 120;

export const SCHEMATHESIS: Fault = {
  name: 'schemathesis',
  description: 'requests that schemathesis makes from openapi.yaml, with all its checks',
  needs: { command: 'st', install: 'pip install schemathesis==4.32.5' },
  run: testDocument,
};

/** The part of its report that is read. */
interface Report {
  readonly complete: boolean;
  readonly test_cases: { readonly generated: number };
  readonly failures: readonly { readonly title: string; readonly count: number }[];
  readonly errors: readonly unknown[];
}

async function testDocument(): Promise<FaultResult> {
  const service = await startShipped();
  const folder = mkdtempSync(join(tmpdir(), 'lsllama-schemathesis-'));
  const path = join(folder, 'report.json');
  const seed = randomInt(2 ** 31);
  try {
    await runSchemathesis(folder, [
      ...['--config-file', join(ROOT, 'test/faults/schemathesis.toml')],
      ...['run', join(ROOT, 'openapi.yaml'), '--url', service.url],
      ...['--request-timeout', String(REQUEST_TIMEOUT_S)],
      ...['--max-examples', String(CASES_PER_OPERATION), '--continue-on-failure', '--seed', String(seed)],
      ...['--generation-database', 'none', '--report', 'json', '--report-json-path', path],
    ]);
    const { complete, test_cases, failures, errors } = readJson(path) as Report;
    const failed = Object.fromEntries(failures.map(({ title, count }) => [title, count]));
    if (errors.length > 0) failed['error of schemathesis'] = errors.length;
    if (!complete) failed['run that ended early'] = 1;
    return { requests: test_cases.generated, failed, wrong: 0, notes: [`seed ${seed}`] };
  } finally {
    await stop(service);
    rmSync(folder, { recursive: true });
  }
}

/** What it prints goes to stderr, beside the table. It ends with 1 where it has found something. */
async function runSchemathesis(folder: string, args: readonly string[]): Promise<void> {
  const child = spawn('st', args, { cwd: folder, stdio: ['ignore', process.stderr, 'inherit'] });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0 && code !== 1) throw new Error(`st ended with ${code}`);
}
