// lsllama doctor: reports what this machine offers and whether the models load, and says what to do next.

import { cpus } from 'node:os';
import { type Command, Option } from 'commander';
import { usableCores } from '../machine/cores.js';
import { hasNvidiaDriver } from '../machine/gpu.js';
import { usableMemory } from '../machine/memory.js';
import { instructionSets, int8Saturates } from '../machine/processor.js';
import { verificationText } from '../model/manifest.js';
import { cudaLibraries } from '../onnx/cudaLibraries.js';
import { modelFolders } from '../predictor/modelFolders.js';
import { Runtime } from '../predictor/runtime.js';
import { ModelStore, type StoredModel } from '../predictor/store.js';
import { VERSION } from '../version.js';
import { adviceOn, type ExaminedModel } from './advice.js';
import { cacheOption, deviceOption, modelsOption } from './options.js';
import { startProgress } from './progress.js';
import { shellWord } from './shell.js';

interface DoctorOptions {
  readonly models: string;
  readonly cache: string;
  readonly device: string;
  readonly json?: true;
}

export function configure(command: Command): void {
  command
    .addOption(modelsOption())
    .addOption(deviceOption())
    .addOption(cacheOption())
    .addOption(new Option('--json', 'print the report as JSON'))
    .action(async (options: DoctorOptions) => {
      const report = await examine(options, flagsOf(command));
      process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : reportText(report));
      if (Object.values(report.models).some(state => state !== 'ok')) process.exitCode = 1;
    });
}

type Report = Awaited<ReturnType<typeof examine>>;

/** The options of doctor that serve has as well, as far as they were given on the command line. */
function flagsOf(command: Command): string[] {
  return ['models', 'device', 'cache']
    .filter(name => command.getOptionValueSource(name) === 'cli')
    .map(name => `--${name} ${shellWord(String(command.getOptionValue(name)))}`);
}

async function examine({ models, cache, device }: DoctorOptions, flags: readonly string[]) {
  const runtime = new Runtime({ device, cache });
  try {
    const onnxRuntime = await runtime.engines.probe();
    const store = new ModelStore(modelFolders(models));
    const progress = startProgress();
    await store.loadAll(runtime, {
      onProgress: (name, stage) => progress.update(name, stage),
      onReady: ({ name }) => progress.end(name),
      onFailed: name => progress.end(name),
    });
    const memory = usableMemory();
    const saturates = int8Saturates(process.arch, instructionSets());
    return {
      lsllama: VERSION,
      node: process.versions.node,
      onnxruntime: onnxRuntime.version,
      processor: cpus()[0]?.model ?? 'unknown',
      cores: usableCores(),
      memory_gb: Math.round(memory / 1e8) / 10,
      instruction_sets: instructionSets(),
      int8: saturates
        ? 'slower: 8-bit products may saturate on this processor, so they are computed in a slower way'
        : 'ok',
      providers: onnxRuntime.providers,
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
      advice: adviceOn({
        models: store.all().map(stored => examined(stored, store.folders.folderOf(stored.name))),
        memory,
        device,
        isOnCpu: (await runtime.engines.device()) === 'cpu',
        cuda: onnxRuntime.providers.cuda!,
        libraries: cudaLibraries(),
        hasNvidiaDriver: hasNvidiaDriver(),
        int8Saturates: saturates,
        flags,
      }),
    };
  } finally {
    await runtime.close();
  }
}

function examined(stored: StoredModel, folder: string): ExaminedModel {
  const { name } = stored;
  if (stored.state !== 'ready') {
    return { name, folder, isLoaded: false, isVerified: false, precision: undefined, bytes: 0 };
  }
  const { files, verification, precision } = stored.model.manifest;
  const bytes = Object.values(files).reduce((sum, size) => sum + size, 0);
  return { name, folder, isLoaded: true, isVerified: verification !== null, precision, bytes };
}

/** The providers with the reason of ONNX Runtime where one does not work. */
function usability(providers: Record<string, string>): Record<string, string> {
  const states = Object.entries(providers).map(([name, state]) => [
    name,
    state === 'ok' ? state : `does not work here (${state})`,
  ]);
  return Object.fromEntries(states);
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
    `int8: ${report.int8}\n`,
    section('execution providers', usability(report.providers)),
    section('models', report.models),
    section('verification', report.verification),
    `advice\n${report.advice.map(advice => `  ${advice}\n`).join('')}`,
  ].join('');
}
