#!/usr/bin/env node
// The command table.

import { Command, CommanderError } from 'commander';
import { addBench } from './commands/bench.js';
import { addDoctor } from './commands/doctor.js';
import { addEval } from './commands/eval.js';
import { addExport } from './commands/export.js';
import { addInspect } from './commands/inspect.js';
import { addPredict } from './commands/predict.js';
import { addServe } from './commands/serve.js';
import { EngineCrashed, EngineError } from './engine/engine.js';
import { UserError } from './errors.js';
import { VERSION } from './version.js';

const program = new Command('lsllama')
  .description('Serves label-supervised LLaMA classifiers and entity taggers.')
  .version(VERSION)
  .exitOverride();

for (const add of [addServe, addExport, addPredict, addEval, addBench, addInspect, addDoctor]) add(program);

// A reader that has seen enough, as `head` does, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Help and version are results; everything else that commander throws is wrong usage, already told.
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else if ([UserError, EngineError, EngineCrashed].some(kind => error instanceof kind)) {
    process.stderr.write(`error: ${(error as Error).message}\n`);
    process.exitCode = 1;
  } else {
    throw error;
  }
}
