// lsllama export: base and adapters to a model folder.

import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { UserError } from '../errors.js';
import { PRECISIONS } from '../graph/precisionNames.js';
import { exportModel } from '../model/export.js';
import { type ExportRequest, forDevice, readRecipe } from '../model/recipe.js';
import { wholeNumber } from './options.js';
import { startProgress } from './progress.js';

interface ExportFlags extends Omit<ExportRequest, 'base' | 'adapters' | 'labels'> {
  readonly base?: string;
  readonly adapter?: string[];
  readonly labels?: string;
  readonly recipe?: string;
  readonly out: string;
  readonly force?: true;
  readonly calibrate: boolean;
  readonly verify: boolean;
}

export function configure(command: Command): void {
  command
    .option('--base <path>', 'a Hugging Face folder or a .gguf file')
    .option(
      '--adapter <dir>',
      'a PEFT LoRA adapter; may be repeated, merged in order',
      (dir: string, dirs: string[] = []) => [...dirs, dir],
    )
    .addOption(
      new Option('--recipe <file>', 'the same options from a recipe.json').conflicts(['base', 'adapter']),
    )
    .requiredOption('--out <dir>', 'the model folder to write')
    .addOption(new Option('--task <task>', 'what the head labels').choices(['sequence', 'token']))
    .addOption(
      new Option('--attention <kind>', 'with the causal mask or without').choices([
        'causal',
        'bidirectional',
      ]),
    )
    .option('--bidirectional-from <layer>', 'the first layer without the causal mask', wholeNumber(0))
    .addOption(new Option('--pooling <kind>', 'what a sequence head reads').choices(['last', 'mean', 'max']))
    .option('--labels <labels>', 'a,b,c, a JSON list or a file with one, in the order of the head’s rows')
    .addOption(
      new Option('--problem-type <type>', 'one label a text, or any number').choices(['single', 'multi']),
    )
    .addOption(
      new Option('--precision <precision>', 'how weights are stored; auto is int8').choices([
        'auto',
        ...PRECISIONS,
      ]),
    )
    .option('--max-length <n>', 'the longest text, in tokens', wholeNumber(1))
    .option('--tokenizer <dir>', 'a folder with a tokenizer.json that wins over the adapter’s and the base’s')
    .option('--force', 'replace an existing folder')
    .option('--no-calibrate', 'at int8, do not measure what each layer needs to keep its quality')
    .option('--no-verify', 'do not compare what was written with the checkpoint')
    .action(async (flags: ExportFlags) => {
      if (!flags.recipe && !flags.base) command.error('error: give --base or --recipe');
      const calibrating = startProgress(`calibrating ${flags.out}`);
      const exporting = startProgress(`exporting ${flags.out}`);
      const verifying = startProgress(`verifying ${flags.out}`);
      // leaving in good order removes what is half written
      process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143));
      try {
        const { name, version } = await exportModel(forDevice(requestOf(flags), 'cpu'), flags.out, {
          force: flags.force ?? false,
          calibrate: flags.calibrate,
          verify: flags.verify,
          onCalibrate: calibrating.update,
          onProgress(done, total) {
            calibrating.end();
            exporting.update(done, total);
          },
          onVerify(done, total) {
            exporting.end();
            verifying.update(done, total);
          },
        });
        verifying.end();
        process.stdout.write(`${JSON.stringify({ out: flags.out, name, version })}\n`);
      } finally {
        calibrating.end();
        exporting.end();
        verifying.end();
      }
    });
}

/** Flags win over the recipe's fields. */
function requestOf({
  recipe,
  base,
  adapter,
  labels,
  out: _out,
  force: _force,
  calibrate: _calibrate,
  verify: _verify,
  ...options
}: ExportFlags): ExportRequest {
  const told = { ...options, ...(labels !== undefined && { labels: parseLabels(labels) }) };
  return recipe ? { ...readRecipe(recipe), ...told } : { base: base!, adapters: adapter ?? [], ...told };
}

/** `a,b,c`, a JSON list of strings, or a file that holds one. */
function parseLabels(flag: string): string[] {
  const isList = flag.trimStart().startsWith('[');
  if (!isList && !flag.endsWith('.json')) return flag.split(',').map(label => label.trim());
  let labels: unknown;
  try {
    labels = JSON.parse(isList ? flag : readFileSync(flag, 'utf8'));
  } catch (error) {
    throw new UserError(`--labels ${flag}: ${(error as Error).message}`);
  }
  if (Array.isArray(labels) && labels.every(label => typeof label === 'string')) return labels;
  throw new UserError(`--labels ${flag}: expected a JSON list of strings`);
}
