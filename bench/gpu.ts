// A GPU: the engine and the service beside PyTorch on the same texts, at the shapes of several models with random
// weights. It needs no network. With --device cpu every step runs on a machine without a GPU.
// usage: npx tsx bench/gpu.ts PYTHON DATA.jsonl WORK [--shapes 135m,1b,7b] [--device cuda] [--precision float16]
//        [--dtype bfloat16] [--batch-tokens 16384] [--texts 8000] [--rounds 3] [--seconds 10]
// PYTHON has torch and transformers. WORK is a folder for checkpoints and exports, which stay there: 27 GB for 7b.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Option, program } from 'commander';
import { wholeNumber } from '../dist/commands/options.js';
import { Client } from '../dist/loadtest/client.js';
import { runLoadTest } from '../dist/loadtest/loadTest.js';
import { openShape } from '../dist/loadtest/shapes.js';
import { exportModel } from '../dist/model/export.js';
import { sequencesOf } from '../dist/predictor/encode.js';
import { groupRunner, meanTokens, openEngine, tokenRate } from './engine.ts';
import { ROOT } from './models.ts';
import { dataArgument, listOption, roundsOption, secondsOption } from './options.ts';
import { LABELS, SHAPES, type ShapeName, writeCheckpoint } from './randomCheckpoint.ts';
import { emit, emitSummary, interleave, MACHINE, printTable, ratios, spread, spreadText } from './report.ts';
import { startService } from './service.ts';
import { cycle, readTexts } from './texts.ts';
import { startTorch } from './torchProcess.ts';

const BENCH = 'gpu';
const MAX_LENGTH = 512;
/** Texts that the engine gets at once. */
const GROUP = 1024;
/** Texts in each request, and requests in flight. */
const TEXTS = 16;
const IN_FLIGHT = 128;

program
  .argument('<python>', 'a Python with torch and transformers')
  .addArgument(dataArgument())
  .argument('<work>', 'a folder for checkpoints and exports')
  .addOption(listOption('--shapes <names>', 'shapes of models', Object.keys(SHAPES)))
  .addOption(new Option('--device <name>', 'where both run').choices(['cuda', 'cpu']).default('cuda'))
  .option('--precision <name>', 'precision of the exports', 'float16')
  .option('--dtype <name>', 'dtype of PyTorch', 'bfloat16')
  .option('--batch-tokens <n>', 'tokens in a batch of PyTorch', wholeNumber(1), 16_384)
  .option('--texts <n>', 'texts that are read', wholeNumber(1), 8000)
  .addOption(roundsOption(3))
  .addOption(secondsOption(10))
  .parse();
const [python, data, work] = program.args as [string, string, string];
const options = program.opts<{
  shapes: ShapeName[];
  device: 'cuda' | 'cpu';
  precision: 'float16' | 'float32' | 'int8';
  dtype: string;
  batchTokens: number;
  texts: number;
  rounds: number;
  seconds: number;
}>();
const { device, precision, dtype, batchTokens, rounds, seconds } = options;
const texts = readTexts(data, options.texts);

const rows: string[][] = [];
for (const shape of options.shapes) rows.push(await measureShape(shape));
process.stderr.write(`${MACHINE}; ${device}; ours ${precision}, PyTorch ${dtype}\n`);
printTable([
  [
    'tokens/s',
    'engine',
    'HTTP',
    'PyTorch, padded',
    'PyTorch, equal lengths',
    'engine / padded',
    'engine / best',
    'HTTP / engine',
  ],
  ...rows,
]);

/** Measures one shape. Returns its row of the table. */
async function measureShape(shape: ShapeName): Promise<string[]> {
  const base = join(work, shape, 'base');
  const folder = await exported(shape);
  emit(BENCH, { shape, ...(await placement(folder)) });
  const { models, close } = await openEngine([folder], device);
  const [model] = models as [(typeof models)[number]];
  const sequences = texts.flatMap(text => sequencesOf(model, text));
  const tokens = meanTokens(model, texts);
  const service = await startService(
    { model: folder },
    { env: { LSLLAMA_DEVICE: device, LSLLAMA_TIMEOUT_MS: '600000' } },
  );
  const client = new Client(
    await openShape('ours', { url: new URL('/classify', service.url), headers: {} }),
    {},
  );
  const torchOf = (batches: 'padded' | 'equal') =>
    startTorch({
      python,
      model: base,
      labels: LABELS,
      data,
      texts: options.texts,
      dtype,
      device,
      batches,
      batchTokens,
      maxLength: MAX_LENGTH,
    });
  const padded = await torchOf('padded');
  const equal = await torchOf('equal');
  const run = groupRunner(model, sequences, GROUP);
  const next = cycle(texts);
  const http = async () => {
    const send = () => client.send(Array.from({ length: TEXTS }, next));
    const load = { seconds, warmup: 2, concurrency: IN_FLIGHT };
    const { texts_per_second, errors } = await runLoadTest(send, load);
    return { tokens_per_second: texts_per_second * tokens, errors };
  };
  const results = await interleave<{ tokens_per_second: number }>(BENCH, rounds, [
    { step: 'engine', measure: () => tokenRate(run, seconds) },
    { step: 'http', measure: http },
    { step: 'padded', measure: () => padded.measure(seconds) },
    { step: 'equal', measure: () => equal.measure(seconds) },
  ]);
  for (const torch of [padded, equal]) await torch.stop();
  await client.close();
  await service.stop();
  close();
  const rates = (step: string) => results.get(step)!.map(result => result.tokens_per_second);
  const best = rates('padded').map((rate, round) => Math.max(rate, rates('equal')[round]!));
  const summary = {
    shape,
    device,
    precision,
    dtype,
    tokens_per_text: tokens,
    engine: spread(rates('engine')),
    http: spread(rates('http')),
    torch_padded: spread(rates('padded')),
    torch_equal: spread(rates('equal')),
    engine_to_padded: ratios(rates('engine'), rates('padded')),
    engine_to_best: ratios(rates('engine'), best),
    http_to_engine: ratios(rates('http'), rates('engine')),
  };
  emitSummary(BENCH, summary);
  return [
    shape,
    ...[summary.engine, summary.http, summary.torch_padded, summary.torch_equal].map(each =>
      spreadText(each, 0),
    ),
    ...[summary.engine_to_padded, summary.engine_to_best, summary.http_to_engine].map(each =>
      spreadText(each, 2),
    ),
  ];
}

/** The model folder of a shape, made where it is not there yet. It is not compared with its checkpoint on the CPU. */
async function exported(shape: ShapeName): Promise<string> {
  const checkpoint = join(work, shape);
  const folder = join(checkpoint, precision);
  if (!existsSync(join(checkpoint, 'adapter'))) writeCheckpoint(checkpoint, SHAPES[shape]);
  if (existsSync(folder)) return folder;
  const request = {
    base: join(checkpoint, 'base'),
    adapters: [join(checkpoint, 'adapter')],
    labels: Array.from({ length: LABELS }, (_, label) => `label ${label}`),
    maxLength: MAX_LENGTH,
    precision,
  };
  await exportModel(request, folder, { verify: false, calibrate: false });
  return folder;
}

/** Where the nodes of a graph run, and the lines of ONNX Runtime's log that speak of attention, each once. */
async function placement(folder: string) {
  const script = join(ROOT, 'bench/gpuPlacement.ts');
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', script, folder, device],
    { maxBuffer: 2 ** 28 },
  );
  const lines = stderr.split('\n').filter(line => /flash|memory.?efficient|cudnn.?sdpa|sdpa/i.test(line));
  const kernels = [...new Set(lines.map(line => line.replace(/^.*\] /, '')))].slice(0, 20);
  return { ...JSON.parse(stdout), attention_log: kernels };
}
