// Runs optimiser steps of `lsllama train`, in a process of its own. Prints one JSON line: tokens in a second, and the
// greatest resident memory in bytes.
// usage: npx tsx bench/trainSteps.ts BASE DATA.jsonl TARGETS DROPOUT STEPS BATCH_TOKENS MAX_LENGTH

import { availableParallelism } from 'node:os';
import { readLabelled } from '../dist/commands/train/data.js';
import { countTokens } from '../dist/engine/sequence.js';
import { newAdamWState } from '../dist/train/adamw.js';
import { writeTrainingGraph } from '../dist/train/graph.js';
import { initialParameters } from '../dist/train/parameters.js';
import { plannedSteps } from '../dist/train/plan.js';
import { TrainingSession } from '../dist/train/session.js';
import { setUp } from '../dist/train/setup.js';
import { gradientsOf, takeStep } from '../dist/train/step.js';
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
  lora: { rank: 12, alpha: 32, dropout: Number(dropout), targets: targets.split(',') },
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
const { graph } = setup;
await withTemporaryFolder(async folder => {
  await writeTrainingGraph(folder, graph, { withGradients: true, version: 'bench' });
  const session = await TrainingSession.load(folder, availableParallelism());
  const planned = plannedSteps(setup.examples, options).slice(0, Number(steps) + WARM_UP);
  const parameters = initialParameters(graph.lora, graph.head, graph.decoder.hiddenSize, SEED);
  const progress = { steps: planned.length, step: 0, records: [], epochs: [], seconds: 0 };
  const state = { progress, parameters, optimiser: newAdamWState(parameters), best: undefined };
  let [tokens, milliseconds] = [0, 0];
  for (const [i, { examples }] of planned.entries()) {
    const count = countTokens(examples.map(({ sequence }) => sequence));
    const started = performance.now();
    takeStep(state, await gradientsOf(session, state, examples, graph, SEED), count, options);
    if (i < WARM_UP) continue;
    milliseconds += performance.now() - started;
    tokens += count;
  }
  await session.close();
  const peak = 1024 * process.resourceUsage().maxRSS;
  process.stdout.write(
    `${JSON.stringify({ tokens_per_second: (1000 * tokens) / milliseconds, peak_memory: peak })}\n`,
  );
});
setup.close();
