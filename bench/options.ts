// Command line arguments that several benchmarks share.

import { Argument, Option, program } from 'commander';
import { positiveNumber, wholeNumber } from '../dist/commands/options.js';
import { CLASSIFIER } from './models.ts';

/** Parses the command line of a benchmark of one model: its data, and four options. */
export function parseModelBenchmark(defaults: { rounds: number; seconds: number }) {
  program
    .addArgument(dataArgument())
    .option('--model <folder>', 'a model folder or a recipe folder', CLASSIFIER)
    .addOption(precisionOption())
    .addOption(roundsOption(defaults.rounds))
    .addOption(secondsOption(defaults.seconds))
    .parse();
  const [data] = program.args as [string];
  return {
    data,
    ...program.opts<{ model: string; precision?: string; rounds: number; seconds: number }>(),
  };
}

export function dataArgument(): Argument {
  return new Argument('<data>', 'a JSON lines file with "text" or "tokens"');
}

export function precisionOption(): Option {
  return new Option('--precision <name>', 'precision to export at, instead of the recipe’s');
}

/** Several precisions, each of which is measured. */
export function precisionsOption(): Option {
  return listOption('--precisions <names>', 'precisions to export at', ['float32', 'int8']);
}

/** Names separated by commas. */
export function listOption(flags: string, description: string, names: readonly string[]): Option {
  return new Option(flags, description).argParser(text => text.split(',')).default(names, names.join(','));
}

export function roundsOption(rounds: number): Option {
  return new Option('--rounds <n>', 'times to measure everything').argParser(wholeNumber(1)).default(rounds);
}

export function secondsOption(seconds: number, description = 'seconds of each measurement'): Option {
  return new Option('--seconds <n>', description).argParser(positiveNumber).default(seconds);
}

export function warmupOption(seconds: number): Option {
  return new Option('--warmup <n>', 'seconds of load before each measurement')
    .argParser(positiveNumber)
    .default(seconds);
}
