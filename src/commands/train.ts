// lsllama train: fine-tunes a base on labelled texts and writes an adapter with its recipe.

import { writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { plot } from 'asciichart';
import { type Command, Option } from 'commander';
import { UserError } from '../errors.js';
import { ATTENTION, POOLING, TASK } from '../model/manifest.js';
import { RECIPE } from '../model/recipe.js';
import { checkReplaceable } from '../model/replaceable.js';
import { type LoraOptions, targetsOf } from '../train/lora.js';
import type { TrainOptions } from '../train/options.js';
import { SCHEDULES } from '../train/schedule.js';
import { type TrainResult, train } from '../train/train.js';
import { readLabels } from './labels.js';
import { positiveNumber, properShare, share, wholeNumber } from './options.js';
import { shellWord } from './shell.js';
import { readLabelled } from './train/data.js';
import { pooled } from './train/lossFigure.js';
import { TrainProgress } from './train/progress.js';
import { bestOf, tokensPerSecond, trainingPage } from './train/report.js';

/** The options of a run under the names of their flags. */
interface TrainFlags
  extends Omit<TrainOptions, 'learningRate' | 'labels' | 'lora'>,
    Omit<LoraOptions, 'targets'> {
  readonly data: string;
  readonly dev?: string;
  readonly out: string;
  readonly labels?: string;
  readonly targets: string;
  readonly lr: number;
  readonly resume?: true;
  readonly force?: true;
}

const EPOCHS = 3;

const RECIPE_FOLDER = { name: 'a recipe folder', marker: RECIPE };
/** The page beside the recipe. */
const REPORT = 'training.html';
/** Lines of the curve, and columns for its scale. */
const CURVE_HEIGHT = 8;
const CURVE_MARGIN = 14;

/** The defaults are the recipe of the paper: https://arxiv.org/abs/2310.01208 section 4.1. */
export function configure(command: Command): void {
  command
    .requiredOption('--base <path>', 'a Hugging Face folder or a .gguf file')
    .requiredOption(
      '--data <file>',
      'JSON lines with "text" and "label" or "labels", or "tokens" and "tags"; .csv, .parquet',
    )
    .option(
      '--dev <file>',
      'labelled texts that are not trained on: they choose the epoch whose adapter is kept',
    )
    .requiredOption('--out <dir>', 'the recipe folder to write')
    .addOption(
      new Option('--task <task>', 'whether a text or each of its words is labelled')
        .choices(TASK.enum)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--attention <kind>', 'whether the causal mask is kept')
        .choices(ATTENTION.enum)
        .makeOptionMandatory(),
    )
    .option('--bidirectional-from <layer>', 'the first layer without the causal mask', wholeNumber(0))
    .addOption(
      new Option('--pooling <kind>', 'how the tokens of a text become one vector for the head').choices(
        POOLING.enum,
      ),
    )
    .option(
      '--labels <labels>',
      'the labels in the order of the head’s rows; those of the data unless they are given',
    )
    .option('--tokenizer <dir>', 'a folder whose tokenizer.json is used instead of the base’s')
    .option('--rank <r>', 'the rank of each update', wholeNumber(1), 12)
    .option('--alpha <a>', 'the updates are multiplied by alpha / rank', positiveNumber, 32)
    .option('--dropout <p>', 'the share of values that an update does not see in training', properShare, 0.1)
    .option(
      '--targets <names>',
      'the linear layers that get an update: names, or all-linear',
      'q_proj,v_proj',
    )
    .option(
      '--epochs <n>',
      `how often each text is seen; ${EPOCHS} unless --minutes is given`,
      wholeNumber(1),
    )
    .option('--minutes <n>', 'the time for all steps, of which as many are planned as fit', positiveNumber)
    .option('--lr <rate>', 'the greatest learning rate', positiveNumber, 1e-4)
    .addOption(
      new Option('--schedule <kind>', 'how the learning rate falls').choices(SCHEDULES).default('linear'),
    )
    .option('--warm-up <share>', 'the share of the steps in which the learning rate rises', share, 0.06)
    .option('--batch-tokens <n>', 'tokens of an optimiser step', wholeNumber(1), 1024)
    .option('--max-length <n>', 'the longest text, in tokens', wholeNumber(1), 64)
    .option(
      '--patience <n>',
      'epochs without a better score on --dev after which training ends',
      wholeNumber(1),
      3,
    )
    .option(
      '--seed <n>',
      'decides the order of the texts, the first weights and the dropout',
      wholeNumber(0),
      42,
    )
    .option('--resume', 'go on where an earlier run of the same command was interrupted')
    .option('--force', 'replace an existing folder')
    .action(async (flags: TrainFlags) => {
      checkFlags(command, flags);
      const { data, dev, out, task, resume = false } = flags;
      const texts = {
        train: await readLabelled(data, task),
        ...(dev !== undefined && { dev: await readLabelled(dev, task) }),
      };
      const progress = new TrainProgress();
      // process.exit runs the exit handlers, which remove what only a run under way needs.
      for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) {
        process.once(signal, () => process.exit(128 + constants.signals[signal]));
      }
      const training = train(optionsOf(flags), texts, out, resume, {
        ...progress.events,
        onFolder: (folder, result) =>
          writeFileSync(join(folder, REPORT), trainingPage(basename(resolve(out)), commandLine(), result)),
      });
      const result = await training.finally(() => progress.end());
      if (process.stderr.isTTY) process.stderr.write(`${curveOf(result)}\n`);
      process.stdout.write(`${JSON.stringify(summaryOf(out, result))}\n`);
    });
}

/** Throws UserError where flags contradict each other, or what they name may not be replaced. */
function checkFlags(command: Command, { base, tokenizer, data, dev, out, force }: TrainFlags): void {
  const ingredients = [base, data, ...(dev ? [dev] : []), ...(tokenizer ? [tokenizer] : [])];
  checkReplaceable(out, RECIPE_FOLDER, ingredients, force ?? false);
  if (dev === undefined && command.getOptionValueSource('patience') === 'cli') {
    throw new UserError('--patience: expected --dev as well, whose score it waits for, found none');
  }
}

/** The command as it was given to a shell, for the report. */
function commandLine(): string {
  const words = process.argv.slice(2).map(word => (/^[\w./:,=+@%-]+$/.test(word) ? word : shellWord(word)));
  return ['lsllama', ...words].join(' ');
}

function optionsOf({
  data: _data,
  dev: _dev,
  out: _out,
  resume: _resume,
  force: _force,
  rank,
  alpha,
  dropout,
  targets,
  labels,
  lr,
  epochs,
  ...options
}: TrainFlags): TrainOptions {
  return {
    ...options,
    ...planned(epochs, options.minutes),
    learningRate: lr,
    ...(labels !== undefined && { labels: readLabels(labels) }),
    lora: {
      rank,
      alpha,
      dropout,
      targets: targetsOf(targets),
    },
  };
}

/** The epochs that are asked for. With a limit of time alone, there are as many as fit. */
function planned(epochs: number | undefined, minutes: number | undefined): { readonly epochs?: number } {
  if (epochs !== undefined) return { epochs };
  return minutes === undefined ? { epochs: EPOCHS } : {};
}

function summaryOf(out: string, { labels, progress }: TrainResult): object {
  const { step, records, epochs, seconds } = progress;
  const best = bestOf(epochs);
  return {
    out,
    labels,
    steps: step,
    loss: records.at(-1)!.loss,
    ...(best && { [best.metric]: best.score, kept_step: best.step }),
    seconds: Math.round(seconds),
    tokens_per_second: Math.round(tokensPerSecond(progress)),
  };
}

/** The losses as a curve of characters. */
function curveOf({ progress }: TrainResult): string {
  // A pseudo-terminal whose size nobody has set has 0 columns.
  const columns = process.stderr.columns || 80;
  return plot(
    pooled(
      progress.records.map(({ loss }) => loss),
      Math.max(1, columns - CURVE_MARGIN),
    ),
    { height: CURVE_HEIGHT },
  );
}
