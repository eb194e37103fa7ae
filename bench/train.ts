// Training beside PEFT: tokens in a second and peak memory of optimiser steps on the same texts, in turn. What comes before
// the first step, such as loading the base, is in neither figure.
// usage: npx tsx bench/train.ts PYTHON BASE DATA.jsonl [--targets q_proj,v_proj|all-linear] [--dropout 0.1]
//        [--dtypes bfloat16,float32] [--batch-tokens 1024] [--max-length 96] [--steps 8] [--rounds 3]
// PYTHON has torch, transformers and peft.

import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { program } from 'commander';
import { share, wholeNumber } from '../dist/commands/options.js';
import { ROOT } from './models.ts';
import { dataArgument, listOption, roundsOption } from './options.ts';
import { emitSummary, interleave, MACHINE, printTable, ratios, spread, spreadText } from './report.ts';

const BENCH = 'train';
const OURS = 'ours, float32';

interface Steps {
  readonly tokens_per_second: number;
  /** Bytes. */
  readonly peak_memory: number;
}

program
  .argument('<python>', 'a Python with torch, transformers and peft')
  .argument('<base>', 'a Hugging Face folder, or a folder with a GGUF file')
  .addArgument(dataArgument())
  .option('--targets <names>', 'the linear layers that get an update: names, or all-linear', 'q_proj,v_proj')
  .option('--dropout <p>', 'the share of values that an update does not see', share, 0.1)
  .addOption(listOption('--dtypes <names>', 'dtypes of PyTorch', ['bfloat16', 'float32']))
  .option('--batch-tokens <n>', 'tokens of a step', wholeNumber(1), 1024)
  .option('--max-length <n>', 'the longest text, in tokens', wholeNumber(1), 96)
  .option('--steps <n>', 'steps of each measurement', wholeNumber(1), 8)
  .addOption(roundsOption(3))
  .parse();
const [python, base, data] = program.args as [string, string, string];
const { targets, dropout, dtypes, batchTokens, maxLength, steps, rounds } = program.opts<{
  targets: string;
  dropout: number;
  dtypes: string[];
  batchTokens: number;
  maxLength: number;
  steps: number;
  rounds: number;
}>();

const sizes = [dropout, steps, batchTokens, maxLength].map(String);
const results = await interleave(BENCH, rounds, [
  {
    step: OURS,
    measure: async () =>
      measured('npx', ['tsx', join(ROOT, 'bench/trainSteps.ts'), base, data, targets, ...sizes]),
  },
  ...dtypes.map(dtype => ({
    step: `PEFT, ${dtype}`,
    measure: async () =>
      measured(python, [
        join(ROOT, 'bench/train_steps.py'),
        ...[base, data, targets, dtype, ...sizes, String(availableParallelism())],
      ]),
  })),
]);

const rates = (step: string) => results.get(step)!.map(result => result.tokens_per_second);
const gigabytes = (step: string) => spread(results.get(step)!.map(result => result.peak_memory / 1e9));
const rows = [['', 'tokens/s', 'ours / it', 'peak memory, GB']];
for (const step of results.keys()) {
  const ratio = ratios(rates(OURS), rates(step));
  emitSummary(BENCH, {
    runner: step,
    data: basename(data),
    targets,
    dropout,
    tokens_per_second: spread(rates(step)),
    ours_to_it: ratio,
    gigabytes: gigabytes(step),
  });
  rows.push([step, spreadText(spread(rates(step)), 0), spreadText(ratio, 2), spreadText(gigabytes(step), 2)]);
}
process.stderr.write(`${MACHINE}; ${basename(data)}; ${targets}, dropout ${dropout}\n`);
printTable(rows);

/** Runs a command whose last line on standard output is the result. */
function measured(command: string, args: readonly string[]): Steps {
  const { status, stdout } = spawnSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, HF_HUB_OFFLINE: '1' },
  });
  if (status !== 0) throw new Error(`${command} ${args[0]}: expected it to end well, found status ${status}`);
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as Steps;
}
