#!/usr/bin/env node
// The command table. Only the module of the called command is imported, so that `serve` does not load the exporter and
// ONNX Runtime with it.

import { Command, CommanderError } from 'commander';
import { EXAMPLES } from './commands/examples.js';
import { EngineCrashed, EngineError } from './engine/errors.js';
import { Refusal, UserError } from './errors.js';
import { VERSION } from './version.js';

interface CommandEntry {
  readonly name: string;
  readonly description: string;
  /** Imports the command's module, which adds arguments, options and action to the command. */
  load(): Promise<{ configure(command: Command): void }>;
}

const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'serve',
    description: 'start the HTTP service: POST /classify and POST /ner',
    load: () => import('./commands/serve.js'),
  },
  {
    name: 'export',
    description: 'merge adapters into a base and write a model folder',
    load: () => import('./commands/export.js'),
  },
  {
    name: 'train',
    description: 'fine-tune a base on labelled texts with LoRA and write an adapter',
    load: () => import('./commands/train.js'),
  },
  {
    name: 'predict',
    description: 'label or tag the texts of a file: JSON lines, CSV or Parquet',
    load: () => import('./commands/predict.js'),
  },
  {
    name: 'eval',
    description: 'measure a model on labelled JSON lines, and fit the temperature of its probabilities',
    load: () => import('./commands/eval.js'),
  },
  {
    name: 'bench',
    description: 'measure a running service: texts per second, latencies, errors',
    load: () => import('./commands/bench.js'),
  },
  {
    name: 'inspect',
    description: 'tell what a base, adapter, recipe or model folder is, and what would be refused',
    load: () => import('./commands/inspect.js'),
  },
  {
    name: 'key',
    description: 'make an API key for callers of the service',
    load: () => import('./commands/key.js'),
  },
  {
    name: 'sign',
    description: 'sign a model folder, for services that load only signed ones',
    load: () => import('./commands/sign.js'),
  },
  {
    name: 'install-cuda',
    description: 'download the libraries with which ONNX Runtime computes on NVIDIA GPUs',
    load: () => import('./commands/installCuda.js'),
  },
  {
    name: 'doctor',
    description: 'tell what this machine offers, whether the models load, and what to do next',
    load: () => import('./commands/doctor.js'),
  },
];

const program = new Command('lsllama')
  .description('Serves label-supervised LLaMA classifiers and entity taggers.')
  .version(VERSION)
  .showHelpAfterError('Try: lsllama --help')
  .exitOverride();

/** `lsllama serve …` and `lsllama help serve` both call for the options of `serve`. */
const [first, second] = process.argv.slice(2).filter(argument => !argument.startsWith('-'));
const called = first === 'help' ? second : first;

for (const { name, description, load } of COMMANDS) {
  const command = program.command(name).description(description);
  command.showHelpAfterError(`Try: lsllama ${name} --help`);
  command.addHelpText('after', ['\nExamples:', ...EXAMPLES[name]!].join('\n  '));
  if (name === called) (await load()).configure(command);
}

// A reader of standard output that stops early, as `head` does, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has written the message. Help and version exit with 0; its other errors are wrong usage.
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else if ([UserError, Refusal, EngineError, EngineCrashed].some(kind => error instanceof kind)) {
    process.stderr.write(`error: ${(error as Error).message}\n`);
    process.exitCode = 1;
  } else {
    throw error;
  }
}
