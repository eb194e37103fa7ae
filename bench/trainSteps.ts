// Runs optimiser steps of `lsllama train`, in a process of its own. Prints one JSON line: tokens in a second, and the
// greatest resident memory of it and its workers in bytes.
// usage: npx tsx bench/trainSteps.ts BASE DATA.jsonl TARGETS DROPOUT STEPS BATCH_TOKENS MAX_LENGTH

import { join } from 'node:path';
import { readLabelled } from '../dist/commands/train/data.js';
import { runsOf } from '../dist/train/batches.js';
import { type TrainingExample, tokensIn } from '../dist/train/examples.js';
import { targetsOf } from '../dist/train/lora.js';
import { Run } from '../dist/train/run.js';
import { setUp } from '../dist/train/setup.js';
import { treeResident } from './memory.ts';
import { withTemporaryFolder } from './models.ts';

const WARM_UP = 2;
const SEED = 42;

const [base, data, targets, dropout, steps, batchTokens, maxLength] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
  string,
  string,
];
const options = {
  base,
  task: 'sequence',
  attention: 'causal',
  lora: { rank: 12, alpha: 32, dropout: Number(dropout), targets: targetsOf(targets) },
  epochs: 1,
  learningRate: 1e-4,
  schedule: 'linear',
  warmUp: 0,
  batchTokens: Number(batchTokens),
  maxLength: Number(maxLength),
  patience: 1,
  seed: SEED,
} as const;
const setup = setUp(options, { train: await readLabelled(data, options.task) });
const count = (Number(steps) + WARM_UP) * options.batchTokens;
const [examples] = runsOf(setup.examples, tokensIn, count) as [TrainingExample[]];
await withTemporaryFolder(async folder => {
  let [tokens, seconds, secondsBefore, peak] = [0, 0, 0, 0];
  const run = await Run.prepare(options, { ...setup, examples }, folder, join(folder, 'saved'), false, {
    onStep(progress) {
      // The workers keep the memory of their largest pass.
      peak = Math.max(peak, treeResident(process.pid));
      if (progress.step > WARM_UP) {
        tokens += progress.records.at(-1)!.tokens;
        seconds += progress.seconds - secondsBefore;
      }
      secondsBefore = progress.seconds;
    },
    onStage() {},
    onEvaluation() {},
    onNote() {},
  });
  await run.train();
  process.stdout.write(`${JSON.stringify({ tokens_per_second: tokens / seconds, peak_memory: peak })}\n`);
});
setup.close();
