// Whether a task gains when the causal mask is removed, as in https://arxiv.org/abs/2310.01208. Trains the same base on the
// same texts with the mask and without it, with another seed in each round, and scores texts of the test sets.
// usage: npx tsx bench/attention.ts BASE DATA_DIR [--rounds 3]
// DATA_DIR holds train.jsonl and test.jsonl in the folders conll03, sst2 and agnews.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { program } from 'commander';
import { ATTENTION, type Attention } from '../dist/model/manifest.js';
import { ROOT, withTemporaryFolder } from './models.ts';
import { roundsOption } from './options.ts';
import { emitSummary, interleave, MACHINE, printTable, spread, spreadText } from './report.ts';

const BENCH = 'attention';
const FIRST_SEED = 42;

/** Of each task, so many training texts that an epoch has some 90,000 tokens. */
const TASKS = [
  { data: 'conll03', task: 'token', texts: 4300, tests: 3453, learningRate: 1e-3 },
  { data: 'sst2', task: 'sequence', texts: 7600, tests: 872, learningRate: 6e-4 },
  { data: 'agnews', task: 'sequence', texts: 2000, tests: 2000, learningRate: 6e-4 },
] as const;

interface Trained {
  readonly seed: number;
  readonly steps: number;
  readonly score: number;
  readonly seconds: number;
}

program
  .argument('<base>', 'a Hugging Face folder, or a folder with a GGUF file')
  .argument('<data>', 'a folder with train.jsonl and test.jsonl in conll03, sst2 and agnews')
  .addOption(roundsOption(3))
  .parse();
const [base, data] = program.args as [string, string];
const { rounds } = program.opts<{ rounds: number }>();

const stepName = (name: string, attention: Attention) => `${name}, ${attention}`;
const results = await withTemporaryFolder(work =>
  interleave(
    BENCH,
    rounds,
    TASKS.flatMap(task => {
      const texts = firstLines(work, task.data, 'train.jsonl', task.texts);
      const tests = firstLines(work, task.data, 'test.jsonl', task.tests);
      return ATTENTION.enum.map(attention => ({
        step: stepName(task.data, attention),
        measure: async (round: number) =>
          trained(
            [
              ...['--task', task.task, '--attention', attention, '--lr', String(task.learningRate)],
              ...['--data', texts, '--dev', tests, '--out', join(work, `${task.data}-${attention}-${round}`)],
            ],
            FIRST_SEED + round - 1,
          ),
      }));
    }),
  ),
);

const rows = [['', 'metric', ...ATTENTION.enum, 'gain without the mask, points']];
for (const { data: name, task } of TASKS) {
  const scores = (attention: Attention) =>
    results.get(stepName(name, attention))!.map(({ score }) => 100 * score);
  const [causal, bidirectional] = [scores('causal'), scores('bidirectional')];
  const gain = spread(bidirectional.map((score, round) => score - causal[round]!));
  const metric = task === 'token' ? 'entity F1' : 'accuracy';
  emitSummary(BENCH, {
    data: name,
    metric,
    causal: spread(causal),
    bidirectional: spread(bidirectional),
    gain,
  });
  rows.push([name, metric, ...[causal, bidirectional].map(s => spreadText(spread(s))), spreadText(gain)]);
}
process.stderr.write(`${MACHINE}; ${rounds} seeds\n`);
printTable(rows);

/** Trains for one epoch, with every linear layer and without dropout, and scores the test texts. */
function trained(flags: readonly string[], seed: number): Trained {
  const stdout = execFileSync(
    process.execPath,
    [
      ...[join(ROOT, 'dist/cli.js'), 'train', '--base', base, ...flags, '--seed', String(seed)],
      ...['--targets', 'all-linear', '--dropout', '0', '--max-length', '96', '--epochs', '1'],
    ],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const { steps, seconds, accuracy, 'entity F1': f1 } = JSON.parse(stdout);
  return { seed, steps, score: accuracy ?? f1, seconds };
}

/** Writes the first lines of a data set to a file in the folder `work`, and returns its path. */
function firstLines(work: string, name: string, file: string, count: number): string {
  const path = join(work, `${name}-${file}`);
  const lines = readFileSync(join(data, name, file), 'utf8').split('\n');
  writeFileSync(path, lines.slice(0, count).join('\n'));
  return path;
}
