// npm run faults: does to running services what goes wrong in practice, and prints what their callers saw as a table.
// usage: npm run faults -- [NAME …] [--seconds 60] [--times N] [--write]

import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { program } from 'commander';
import { ROOT } from '../support/fixtures.js';
import { isOnPath } from '../support/onPath.js';
import { stopAll } from '../support/serve.js';
import { DISK_FULL } from './disk.js';
import { ENGINE_FAULTS } from './engines.js';
import type { Fault, FaultOptions, FaultResult } from './fault.js';
import { MODEL_FAULTS } from './models.js';
import { OVERLOADS } from './overload.js';
import { DAMAGED_REQUESTS } from './requests.js';
import { ROLLING_RESTARTS } from './restarts.js';
import { SCHEMATHESIS } from './schemathesis.js';
import { SOAK } from './soak.js';
import { SLOW_SOCKETS } from './sockets.js';

const FAULTS: readonly Fault[] = [
  ...ENGINE_FAULTS,
  ...MODEL_FAULTS,
  DISK_FULL,
  ...OVERLOADS,
  SLOW_SOCKETS,
  ROLLING_RESTARTS,
  DAMAGED_REQUESTS,
  SCHEMATHESIS,
  SOAK,
];

program
  .argument(
    '[names...]',
    `the faults to run: ${FAULTS.map(({ name }) => name).join(', ')}; all of them unless given`,
  )
  .option('--seconds <n>', 'length of a measurement under load', Number, 60)
  .option('--times <n>', 'repetitions of what is done again and again, instead of its own number', Number)
  .option('--write', 'put the table into docs/reliability.md')
  .parse();
const [names] = program.processedArgs as [string[]];
const options = program.opts<FaultOptions & { write?: true }>();
const unknown = names.filter(name => !FAULTS.some(fault => fault.name === name));
if (unknown.length > 0) program.error(`unknown fault ${unknown.join(', ')}`);
const chosen = FAULTS.filter(({ name }) => names.length === 0 || names.includes(name));
for (const { name, needs } of chosen) {
  if (needs && !isOnPath(needs.command)) program.error(`${name} needs ${needs.command}: ${needs.install}`);
}
process.once('SIGINT', () => process.exit(130)).once('exit', stopAll);

const lines: string[] = [];
print(`${cpus()[0]?.model.trim()}, ${availableParallelism()} cores, Node ${process.version}`);
print('');
print('| fault | requests | failed | wrong answers | measured |');
print('|---|---|---|---|---|');
for (const fault of chosen) {
  const result = await fault.run(options);
  print(row(fault, result));
  if (result.wrong > 0 || Object.keys(result.failed).length > 0) process.exitCode = 1;
}
if (options.write) writeTable();

function print(line: string): void {
  lines.push(line);
  console.log(line);
}

/** Replaces what is between the marks in the document. */
function writeTable(): void {
  const path = join(ROOT, 'docs/reliability.md');
  const [before, , after] = readFileSync(path, 'utf8').split(
    /(?<=<!-- faults -->\n)|(?=<!-- end of faults -->)/,
  );
  writeFileSync(path, `${before}\n${lines.join('\n')}\n\n${after}`);
}

function row({ description }: Fault, { requests, failed, wrong, notes }: FaultResult): string {
  const failures = Object.entries(failed).map(([reason, count]) => `${count} × ${reason}`);
  const cells = [description, requests, failures.join(', ') || 0, wrong, notes.join('; ')];
  return `| ${cells.join(' | ')} |`;
}
