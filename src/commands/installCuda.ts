// lsllama install-cuda: puts the libraries with which ONNX Runtime computes on GPUs beside its binding.

import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { EnvHttpProxyAgent, fetch } from 'undici';
import { UserError } from '../errors.js';
import { writeError } from '../model/atomicFolder.js';
import {
  bindingFolder,
  cudaLibraries,
  unpackCudaLibraries,
  type Wheel,
  wheelForThisMachine,
} from '../onnx/cudaLibraries.js';
import { cudaLibrariesAdvice } from './advice.js';
import { startProgress } from './progress.js';

const MEGABYTE = 1e6;

export function configure(command: Command): void {
  command
    .option('--wheel <file>', 'the wheel, where it was downloaded before')
    .action(async ({ wheel }: { wheel?: string }) => {
      const expected = wheelForThisMachine();
      if (wheel === undefined) await installFromNetwork(expected);
      else await install(wheel, expected);
      process.stdout.write(installedText());
    });
}

async function installFromNetwork(wheel: Wheel): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'lsllama-cuda-'));
  try {
    const file = join(folder, basename(wheel.url));
    await download(wheel.url, file);
    await install(file, wheel);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Throws UserError where the wheel cannot be downloaded. */
async function download(url: string, file: string): Promise<void> {
  const progress = startProgress();
  const name = basename(url);
  try {
    // HTTPS_PROXY and NO_PROXY are used where they are set.
    const response = await fetch(url, { dispatcher: new EnvHttpProxyAgent() });
    if (!response.ok || !response.body) throw new Error(`status ${response.status}`);
    const total = Math.ceil(Number(response.headers.get('content-length')) / MEGABYTE);
    let bytes = 0;
    const counted = Readable.fromWeb(response.body).on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      const done = Math.floor(bytes / MEGABYTE);
      progress.update(name, { stage: 'downloading', done, total, unit: 'MB' });
    });
    await pipeline(counted, createWriteStream(file));
  } catch (error) {
    const { message, cause } = error as Error;
    throw new UserError(
      `${url}: expected to download it, found: ${cause instanceof Error ? cause.message : message}. Download it elsewhere, and give it with --wheel.`,
    );
  } finally {
    progress.end(name);
  }
}

async function install(file: string, { sha256, url }: Wheel): Promise<void> {
  const found = await sha256Of(file);
  if (found !== sha256) {
    throw new UserError(`${file}: expected ${basename(url)} with the SHA-256 ${sha256}, found ${found}`);
  }
  const folder = bindingFolder();
  await unpackCudaLibraries(file, folder).catch(error => {
    throw error instanceof UserError ? error : writeError(folder, error);
  });
}

/** Throws UserError where the file cannot be read. */
async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash).catch(error => {
    throw new UserError(`${file}: expected a file that can be read, found: ${(error as Error).message}`);
  });
  return hash.digest('hex');
}

function installedText(): string {
  const next = cudaLibrariesAdvice(cudaLibraries()) ?? 'See whether the GPU works: lsllama doctor';
  return `The libraries for CUDA 13 are beside the binding of ONNX Runtime.\n${next}\n`;
}
