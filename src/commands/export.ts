// lsllama export: merges adapters into a base and writes a model folder.

import { basename, join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { oneLine } from '../errors.js';
import { PRECISIONS } from '../graph/precisionNames.js';
import { exportModel } from '../model/export.js';
import { ATTENTION, POOLING, PROBLEM_TYPE, TASK } from '../model/manifest.js';
import {
  autoPrecision,
  type ExportRequest,
  forDevice,
  isRecipeFolder,
  RECIPE,
  readRecipe,
} from '../model/recipe.js';
import { readLabels } from './labels.js';
import { namedBase } from './namedBase.js';
import { decodingOption, positiveNumber, wholeNumber } from './options.js';
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

/** The device that the precision `auto` is for: that of `serve` unless it is told another. */
const DEVICE = 'cpu';

export function configure(command: Command): void {
  command
    .option(
      '--base <path>',
      'a Hugging Face folder or a .gguf file; without it, the local folder that the adapter’s config names',
    )
    .option(
      '--adapter <dir>',
      'a PEFT LoRA adapter; repeat it to merge several, in the order given',
      (dir: string, dirs: string[] = []) => [...dirs, dir],
    )
    .addOption(
      new Option(
        '--recipe <path>',
        'a recipe folder, or its recipe.json, that gives these options',
      ).conflicts(['base', 'adapter']),
    )
    .requiredOption('--out <dir>', 'the model folder to write')
    .addOption(
      new Option('--task <task>', 'whether a text or each of its words is labelled').choices(TASK.enum),
    )
    .addOption(
      new Option('--attention <kind>', 'whether the model has the causal mask').choices(ATTENTION.enum),
    )
    .option('--bidirectional-from <layer>', 'the first layer without the causal mask', wholeNumber(0))
    .addOption(
      new Option('--pooling <kind>', 'how the tokens of a text become one vector for the head').choices(
        POOLING.enum,
      ),
    )
    .option(
      '--labels <labels>',
      'the labels in the order of the head’s rows: a,b,c, a JSON list or id2label object, a .json file with one (a config.json too), or a .txt file with a label a line',
    )
    .addOption(
      new Option(
        '--problem-type <type>',
        'how logits are read: a text has a single label or any number (multi); or, for a head of one row, it is yes or no (binary) or gets a value (regression)',
      ).choices(PROBLEM_TYPE.enum),
    )
    .addOption(
      new Option(
        '--precision <precision>',
        `the precision of stored weights; auto, the default, is ${autoPrecision(DEVICE)} for this CPU; give ${autoPrecision('cuda')} for a GPU`,
      ).choices(['auto', ...PRECISIONS]),
    )
    .option('--max-length <n>', 'the longest text, in tokens', wholeNumber(1))
    .option(
      '--tokenizer <dir>',
      'a folder whose tokenizer.json is used instead of the adapter’s and the base’s',
    )
    .option(
      '--tokenizer-as-written',
      'take tokenizer.json as it is written, as transformers 4 does; the default is what the adapter’s files tell',
    )
    .option('--no-tokenizer-as-written', 'read the tokenizer as transformers 5 does')
    .addOption(decodingOption())
    .option(
      '--temperature <t>',
      'by what logits are divided before they become probabilities; eval --fit-temperature finds it',
      positiveNumber,
    )
    .option('--force', 'replace an existing folder')
    .option('--no-calibrate', 'at int8, do not measure which precision each layer needs')
    .option('--no-verify', 'do not compare the exported model with the checkpoint')
    .action(async (flags: ExportFlags) => {
      if (!flags.recipe && !flags.base && !flags.adapter) {
        command.error('error: expected --base, --adapter or --recipe, which say what is exported');
      }
      const progress = startProgress();
      const folder = basename(resolve(flags.out));
      // process.exit runs the exit handlers, which remove the folder that is not complete yet.
      process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143));
      const exporting = exportModel(forDevice(requestOf(flags), DEVICE), flags.out, {
        force: flags.force ?? false,
        calibrate: flags.calibrate,
        verify: flags.verify,
        onProgress: stage => progress.update(folder, stage),
        onNote: note => process.stderr.write(`${oneLine(note)}\n`),
      });
      const { name, version, precision } = await exporting.finally(() => progress.end(folder));
      process.stdout.write(`${JSON.stringify({ out: flags.out, name, version, precision })}\n`);
    });
}

/** The export that the flags ask for. Flags take precedence over the recipe's fields. */
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
  const given = { ...options, ...(labels !== undefined && { labels: readLabels(labels) }) };
  if (recipe) return { ...readRecipe(isRecipeFolder(recipe) ? join(recipe, RECIPE) : recipe), ...given };
  const adapters = adapter ?? [];
  return { base: base ?? baseOf(adapters[0]!), adapters, ...given };
}

/** The base that an adapter names. A line on standard error says which one it is. */
function baseOf(adapter: string): string {
  const base = namedBase(adapter);
  process.stderr.write(`base: ${base}, which the adapter names\n`);
  return base;
}
