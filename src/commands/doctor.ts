// lsllama doctor: what this machine offers, and whether the models load.

import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { type Command, Option } from 'commander';
import { Engine } from '../engine/engine.js';
import { verificationText } from '../model/manifest.js';
import { ModelStore } from '../predictor/store.js';
import { Scheduler } from '../scheduler/scheduler.js';
import { VERSION } from '../version.js';
import { BATCH_TOKENS } from './offline.js';
import { cacheOption, deviceOption, modelsOption } from './options.js';
import { startProgress } from './progress.js';

interface DoctorOptions {
  readonly models: string;
  readonly cache: string;
  readonly device: string;
  readonly json?: true;
}

/** The instruction sets that ONNX Runtime's kernels are chosen by, as /proc/cpuinfo names them. */
const INSTRUCTION_SETS = [
  'avx2',
  'fma',
  'avx512f',
  'avx512_bf16',
  'avx_vnni',
  'avx512_vnni',
  'amx_bf16',
  'amx_int8',
  'asimddp',
  'i8mm',
  'bf16',
];

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('tell what this machine offers, and whether the models load')
    .addOption(modelsOption())
    .addOption(deviceOption())
    .addOption(cacheOption())
    .addOption(new Option('--json', 'the report as JSON'))
    .action(async (options: DoctorOptions) => {
      const report = await examine(options);
      process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : reportText(report));
      if (Object.values(report.models).some(state => state !== 'ok')) process.exitCode = 1;
    });
}

type Report = Awaited<ReturnType<typeof examine>>;

async function examine({ models, cache, device }: DoctorOptions) {
  const engine = new Engine({ device, threads: availableParallelism() });
  try {
    const runtime = await engine.probe();
    const store = new ModelStore(models);
    const scheduler = new Scheduler(engine, {
      batchTokens: BATCH_TOKENS,
      queueTokens: Number.POSITIVE_INFINITY,
    });
    const progress = startProgress('exporting');
    await store.loadAll(cache, engine, scheduler, {
      onProgress: (_name, done, total) => progress.update(done, total),
      onReady: () => {},
      onFailed: () => {},
    });
    progress.end();
    return {
      lsllama: VERSION,
      node: process.versions.node,
      onnxruntime: runtime.version,
      processor: cpus()[0]?.model ?? 'unknown',
      cores: availableParallelism(),
      memory_gb: Math.round(totalmem() / 1e8) / 10,
      instruction_sets: instructionSets(),
      providers: runtime.providers,
      models: Object.fromEntries(
        store.all().map(stored => [stored.name, stored.state === 'failed' ? stored.reason : 'ok']),
      ),
      verification: Object.fromEntries(
        store
          .all()
          .flatMap(stored =>
            stored.state === 'ready' ? [[stored.name, verificationText(stored.model.manifest)]] : [],
          ),
      ),
    };
  } finally {
    engine.close();
  }
}

/** Empty where the system does not tell. */
function instructionSets(): string[] {
  if (process.platform !== 'linux') return [];
  const flags =
    /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.trim().split(' ') ?? [];
  return INSTRUCTION_SETS.filter(name => flags.includes(name));
}

function reportText(report: Report): string {
  const section = (title: string, states: Record<string, string>) =>
    `${title}\n${Object.entries(states)
      .map(([name, state]) => `  ${name}: ${state}\n`)
      .join('')}`;
  return [
    `lsllama ${report.lsllama}, Node ${report.node}, ONNX Runtime ${report.onnxruntime}\n`,
    `processor: ${report.processor}, ${report.cores} cores, ${report.memory_gb} GB\n`,
    `instruction sets: ${report.instruction_sets.join(' ') || 'unknown'}\n`,
    section('execution providers', report.providers),
    section('models', report.models),
    section('verification', report.verification),
  ].join('');
}
