// What doctor advises: what keeps a model or the machine from working at its best, and what to do next.

import { shellWord } from './shell.js';

/** A model folder, and what came of loading it. */
export interface ExaminedModel {
  readonly name: string;
  readonly folder: string;
  readonly isLoaded: boolean;
  /** Whether its logits were compared with those of the checkpoint when it was exported. */
  readonly isVerified: boolean;
  /** The size of its files. In bytes. */
  readonly bytes: number;
}

export interface Findings {
  readonly models: readonly ExaminedModel[];
  /** The memory that may be used. In bytes. */
  readonly memory: number;
  /** The device that the models were loaded for. */
  readonly device: string;
  /** `ok`, or the reason why the CUDA provider does not work. */
  readonly cuda: string;
  readonly hasNvidiaDriver: boolean;
  readonly int8Saturates: boolean;
  /** The flags of doctor that serve has as well, as they were given. */
  readonly flags: readonly string[];
}

/** Resident memory of a service by the size of its models: docs/performance.md, at int8. */
const RESIDENT_BY_SIZE = 1.8;

/** What to do, the most urgent first. */
export function adviceOn(findings: Findings): string[] {
  return [
    ...deviceAdvice(findings),
    ...loadingAdvice(findings),
    ...memoryAdvice(findings),
    ...(findings.int8Saturates
      ? [
          'This processor computes int8 in a slower way. Compare with float32: lsllama bench measures a service.',
        ]
      : []),
    ...findings.models
      .filter(({ isLoaded, isVerified }) => isLoaded && !isVerified)
      .map(
        ({ name }) =>
          `${name} was not compared with its checkpoint when it was exported. Export it again without --no-verify.`,
      ),
    startAdvice(findings),
  ];
}

function deviceAdvice({ hasNvidiaDriver, cuda, device }: Findings): string[] {
  if (cuda !== 'ok') {
    const image = 'The image of docker build --build-arg DEVICE=cuda has the libraries of CUDA.';
    if (isCuda(device)) return [`--device ${device} does not work here. Use --device cpu. ${image}`];
    return hasNvidiaDriver ? [`The GPU cannot be used. ${image}`] : [];
  }
  return device === 'cpu' ? ['The GPU is not used. Use it with --device cuda.'] : [];
}

function loadingAdvice({ models, device, cuda }: Findings): string[] {
  if (isCuda(device) && cuda !== 'ok') return [];
  return models
    .filter(({ isLoaded }) => !isLoaded)
    .map(
      ({ name, folder }) =>
        `${name} does not load. See what its folder holds: lsllama inspect ${shellWord(folder)}`,
    );
}

function memoryAdvice({ models, memory, device }: Findings): string[] {
  const needed = RESIDENT_BY_SIZE * models.reduce((sum, { bytes }) => sum + bytes, 0);
  if (isCuda(device) || needed <= memory) return [];
  return [
    `The models need some ${gigabytes(needed)}, and ${gigabytes(memory)} can be used. Serve fewer of them.`,
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
