// npm run faults: does to running services what goes wrong in practice, and prints what their callers saw as a table.
// usage: npm run faults -- [NAME …] [--seconds 60] [--times 20]

import { availableParallelism, cpus } from 'node:os';
import { program } from 'commander';
import { stopAll } from '../support/serve.js';
import { ENGINE_FAULTS } from './engines.js';
import type { Fault, FaultOptions, FaultResult } from './fault.js';
import { OVERLOADS } from './overload.js';
import { ROLLING_RESTARTS } from './restarts.js';
import { SCHEMATHESIS } from './schemathesis.js';
import { SLOW_SOCKETS } from './sockets.js';

const FAULTS: readonly Fault[] = [
  ...ENGINE_FAULTS,
  ...OVERLOADS,
  SLOW_SOCKETS,
  ROLLING_RESTARTS,
  SCHEMATHESIS,
];

program
  .argument(
    '[names...]',
    `the faults to run: ${FAULTS.map(({ name }) => name).join(', ')}; all of them unless given`,
  )
  .option('--seconds <n>', 'length of a measurement under load', Number, 60)
  .option('--times <n>', 'repetitions of what is done again and again', Number, 20)
  .parse();
const [names] = program.processedArgs as [string[]];
const options = program.opts<FaultOptions>();
const unknown = names.filter(name => !FAULTS.some(fault => fault.name === name));
if (unknown.length > 0) program.error(`unknown fault ${unknown.join(', ')}`);
process.once('SIGINT', () => process.exit(130)).once('exit', stopAll);

console.log(`${cpus()[0]?.model.trim()}, ${availableParallelism()} cores\n`);
console.log('| fault | requests | failed | wrong answers | measured |\n|---|---|---|---|---|');
for (const fault of FAULTS) {
  if (names.length > 0 && !names.includes(fault.name)) continue;
  const result = await fault.run(options);
  console.log(row(fault, result));
  if (result.wrong > 0 || Object.keys(result.failed).length > 0) process.exitCode = 1;
}

function row({ description }: Fault, { requests, failed, wrong, notes }: FaultResult): string {
  const failures = Object.entries(failed).map(([reason, count]) => `${count} × ${reason}`);
  const cells = [description, requests, failures.join(', ') || 0, wrong, notes.join('; ')];
  return `| ${cells.join(' | ')} |`;
}
