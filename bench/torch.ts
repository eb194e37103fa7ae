// The engine beside PyTorch. The engine makes its own batches. PyTorch gets full batches of texts of equal length,
// which need no padding.
// usage: npx tsx bench/torch.ts PYTHON MODEL DATA.jsonl [--precisions float32,int8] [--dtypes bfloat16,float32]
//        [--rounds 5] [--seconds 5]
// PYTHON has torch and transformers. MODEL is the merged classifier, a Hugging Face folder.

import { basename } from 'node:path';
import { program } from 'commander';
import { sequencesOf } from '../dist/predictor/encode.js';
import { BATCH_TOKENS } from '../dist/predictor/runtime.js';
import { groupRunner, openEngine, type TokenRate, tokenRate } from './engine.ts';
import { CLASSIFIER, exportedModel } from './models.ts';
import { dataArgument, listOption, precisionsOption, roundsOption, secondsOption } from './options.ts';
import {
  emitSummary,
  interleave,
  MACHINE,
  printTable,
  ratios,
  type Step,
  spread,
  spreadText,
} from './report.ts';
import { readTexts } from './texts.ts';
import { startTorch, type TorchProcess } from './torchProcess.ts';

const BENCH = 'torch';
const MAX_LENGTH = 512;
const TEXTS = 2000;

program
  .argument('<python>', 'a Python with torch and transformers')
  .argument('<model>', 'the merged classifier, a Hugging Face folder')
  .addArgument(dataArgument())
  .addOption(precisionsOption())
  .addOption(listOption('--dtypes <names>', 'dtypes of PyTorch', ['bfloat16', 'float32']))
  .addOption(roundsOption(5))
  .addOption(secondsOption(5))
  .parse();
const [python, merged, data] = program.args as [string, string, string];
const { precisions, dtypes, rounds, seconds } = program.opts<{
  precisions: string[];
  dtypes: string[];
  rounds: number;
  seconds: number;
}>();

const folders: string[] = [];
for (const precision of precisions) {
  folders.push(await exportedModel(CLASSIFIER, { precision, maxLength: MAX_LENGTH }));
}
const { models, close } = await openEngine(folders);
const texts = readTexts(data, TEXTS);
const torches: TorchProcess[] = [];
try {
  const steps: Step<TokenRate>[] = models.map((model, i) => {
    const run = groupRunner(
      model,
      texts.flatMap(text => sequencesOf(model, text)),
    );
    return { step: oursAt(precisions[i]!), measure: () => tokenRate(run, seconds) };
  });
  for (const dtype of dtypes) {
    const torch = await startTorch({
      python,
      model: merged,
      labels: models[0]!.manifest.labels.length,
      data,
      texts: TEXTS,
      dtype,
      device: 'cpu',
      batches: 'equal',
      batchTokens: BATCH_TOKENS,
      maxLength: MAX_LENGTH,
    });
    torches.push(torch);
    steps.push({ step: torchAt(dtype), measure: () => torch.measure(seconds) });
  }
  summarise(await interleave(BENCH, rounds, steps));
} finally {
  close();
  for (const torch of torches) await torch.stop();
}

function oursAt(precision: string): string {
  return `ours ${precision}`;
}

function torchAt(dtype: string): string {
  return `torch ${dtype}`;
}

function summarise(results: ReadonlyMap<string, readonly TokenRate[]>): void {
  const rates = (step: string) => results.get(step)!.map(({ tokens_per_second }) => tokens_per_second);
  const rows = [['tokens/s', 'median (range)', ...precisions.map(precision => `${oursAt(precision)} / it`)]];
  for (const step of results.keys()) {
    const ours = precisions.map(
      precision => [precision, ratios(rates(oursAt(precision)), rates(step))] as const,
    );
    emitSummary(BENCH, {
      data: basename(data),
      runner: step,
      tokens_per_second: spread(rates(step)),
      ours_to_it: Object.fromEntries(ours),
    });
    rows.push([step, spreadText(spread(rates(step)), 0), ...ours.map(([, ratio]) => spreadText(ratio, 2))]);
  }
  process.stderr.write(`${MACHINE}; ${basename(data)}\n`);
  printTable(rows);
}
