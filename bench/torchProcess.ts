// A Python process that measures forward passes of a classifier in PyTorch.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TokenRate } from './engine.ts';
import { ROOT } from './models.ts';

export interface TorchOptions {
  /** A Python with torch and transformers. */
  readonly python: string;
  /** A Hugging Face folder. A head that it lacks gets random weights. */
  readonly model: string;
  readonly labels: number;
  readonly data: string;
  /** How many texts of the data are read. */
  readonly texts: number;
  readonly dtype: string;
  readonly device: 'cpu' | 'cuda';
  /** `equal`: texts of equal length, without padding. `padded`: texts in their order. */
  readonly batches: 'equal' | 'padded';
  readonly batchTokens: number;
  readonly maxLength: number;
}

export interface TorchProcess {
  /** Runs passes for so many seconds. */
  measure(seconds: number): Promise<TokenRate>;
  stop(): Promise<void>;
}

/** Starts a process that loads the model, and then waits to be told to measure. */
export async function startTorch(options: TorchOptions): Promise<TorchProcess> {
  const { python, model, labels, data, texts, dtype, device, batches, batchTokens, maxLength } = options;
  const sizes = [availableParallelism(), texts, batchTokens, maxLength, labels].map(String);
  const script = join(ROOT, 'bench/torch_forward.py');
  const child = spawn(python, [script, model, data, dtype, device, batches, ...sizes], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, HF_HUB_OFFLINE: '1' },
  });
  const lines = createInterface(child.stdout);
  const ended = once(child, 'exit');
  const nextLine = async () => {
    const [line] = await Promise.race([
      once(lines, 'line'),
      ended.then(() => Promise.reject(new Error(`PyTorch at ${dtype}: the Python process ended`))),
    ]);
    return JSON.parse(line as string) as TokenRate;
  };
  await nextLine();
  return {
    async measure(seconds) {
      const line = nextLine();
      child.stdin.write(`${seconds}\n`);
      return line;
    },
    async stop() {
      child.stdin.end();
      await ended;
    },
  };
}
