// What doctor advises: what keeps the models or the machine from working at their best, and what to do next.

import type { CudaLibraries } from '../onnx/cudaLibraries.js';
import { shellWord } from './shell.js';

/** A model or recipe folder, and what came of loading it. */
export interface ExaminedModel {
  readonly name: string;
  readonly folder: string;
  readonly isLoaded: boolean;
  /** Whether its logits were compared with those of the checkpoint when it was exported. */
  readonly isVerified: boolean;
  readonly precision: string | undefined;
  /** The size of its files. Zero for a model that does not load. In bytes. */
  readonly bytes: number;
}

export interface Findings {
  readonly models: readonly ExaminedModel[];
  /** The memory that may be used. In bytes. */
  readonly memory: number;
  /** The device that was asked for. */
  readonly device: string;
  /** Whether the models were loaded for the CPU. */
  readonly isOnCpu: boolean;
  /** `ok`, or the reason why the CUDA provider does not work. */
  readonly cuda: string;
  readonly libraries: CudaLibraries;
  readonly hasNvidiaDriver: boolean;
  readonly int8Saturates: boolean;
  /** The flags of doctor that serve has as well, as they were given. */
  readonly flags: readonly string[];
}

/** Resident memory of a service under load, by the size of its models, and beside it that of the HTTP process: docs/sizing.md. */
const RESIDENT_BY_SIZE = 1.7;
const HTTP_BYTES = 150e6;

/** What to do, the most urgent first. */
export function adviceOn(findings: Findings): string[] {
  return [
    ...deviceAdvice(findings),
    ...loadingAdvice(findings),
    ...memoryAdvice(findings),
    ...precisionAdvice(findings),
    ...findings.models
      .filter(({ isLoaded, isVerified }) => isLoaded && !isVerified)
      .map(
        ({ name }) =>
          `${name} was not compared with its checkpoint when it was exported. Export it again without --no-verify.`,
      ),
    startAdvice(findings),
  ];
}

function deviceAdvice({ hasNvidiaDriver, cuda, libraries, device, isOnCpu }: Findings): string[] {
  const help = hasNvidiaDriver ? cudaLibrariesAdvice(libraries) : 'There is no driver of NVIDIA.';
  if (cuda !== 'ok' && isCuda(device)) {
    return [[`--device ${device} does not work here.`, help].join(' ').trimEnd()];
  }
  if (!hasNvidiaDriver || !isOnCpu) return [];
  if (cuda === 'ok') return ['The GPU is not used. --device cuda uses it.'];
  return [['The GPU cannot be used.', help].join(' ').trimEnd()];
}

/** What to do where the libraries of CUDA are not complete; undefined where they are. */
export function cudaLibrariesAdvice({ areInstalled, missing }: CudaLibraries): string | undefined {
  if (!areInstalled) return 'Install the libraries of ONNX Runtime for it: lsllama install-cuda';
  if (missing.length === 0) return undefined;
  return `This machine lacks ${missing.join(', ')}. They are in the packages cuda-libraries-13-0 and libcudnn9-cuda-13 of NVIDIA (https://developer.nvidia.com/cuda-downloads), and in the image of docker build --build-arg DEVICE=cuda.`;
}

function loadingAdvice({ models, device, cuda }: Findings): string[] {
  if (isCuda(device) && cuda !== 'ok') return [];
  return models
    .filter(({ isLoaded }) => !isLoaded)
    .map(
      ({ name, folder }) =>
        `${name} does not load, for the reason above. See what its folder holds: lsllama inspect ${shellWord(folder)}`,
    );
}

function memoryAdvice({ models, memory, isOnCpu }: Findings): string[] {
  const needed = HTTP_BYTES + RESIDENT_BY_SIZE * models.reduce((sum, { bytes }) => sum + bytes, 0);
  if (!isOnCpu || needed <= memory) return [];
  return [
    `Under load the models need some ${gigabytes(needed)}, and ${gigabytes(memory)} can be used. Give the service more memory, or fewer models.`,
  ];
}

function precisionAdvice({ models, isOnCpu, int8Saturates }: Findings): string[] {
  if (!int8Saturates || !isOnCpu || !models.some(({ precision }) => precision === 'int8')) return [];
  return [
    'This processor computes int8 in a slower way. Export with --precision float32 as well, and compare both with lsllama bench.',
  ];
}

function startAdvice({ models, flags }: Findings): string {
  if (!models.some(({ isLoaded }) => isLoaded)) return 'No model can be served yet.';
  const serve = ['lsllama serve', ...flags].join(' ');
  return models.every(({ isLoaded }) => isLoaded)
    ? `Start the service: ${serve}`
    : `Start the service without the models that do not load: ${serve}`;
}

function isCuda(device: string): boolean {
  return device.startsWith('cuda');
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
