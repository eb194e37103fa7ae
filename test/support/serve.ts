// Starts a service by the command that a user runs, on a free port.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from './fixtures.js';

export interface RunningService {
  readonly url: string;
  readonly process: ChildProcess;
  /** The lines that the service has logged so far. */
  readonly log: string[];
}

const running = new Set<ChildProcess>();

/** Ends every service that was started and not stopped. */
export function stopAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** Starts `lsllama serve` with the models of a folder, and waits until it listens. Rejects if it exits before. */
export function startService(models: string, cache: string, ...flags: string[]): Promise<RunningService> {
  return startServe('--models', models, '--cache', cache, ...flags);
}

/** Starts `lsllama serve` with the flags, and waits until it listens. Rejects if it exits before. */
export async function startServe(...flags: string[]): Promise<RunningService> {
  const child = spawn(process.execPath, [`${ROOT}/dist/cli.js`, 'serve', '--port', '0', ...flags], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  running.add(child);
  const log: string[] = [];
  const url = await new Promise<string>((resolve, reject) => {
    createInterface(child.stderr!).on('line', line => {
      log.push(line);
      const found = /"url":"([^"]+)"/.exec(line);
      if (found) resolve(found[1]!);
    });
    child.on('exit', code => reject(new Error(`serve ended with ${code}: ${log.join('\n')}`)));
  });
  return { url, process: child, log };
}

/** Waits until the service is ready. Rejects after about two minutes. */
export async function ready({ url }: RunningService): Promise<void> {
  for (let i = 0; i < 2400; i++) {
    if ((await fetch(`${url}/health/ready`)).ok) return;
    await sleep(50);
  }
  throw new Error(`${url}/health/ready: not ready after two minutes`);
}

/** Sends the service a signal and waits until it exits. Resolves to its exit code. */
export async function stop(
  { process: child }: RunningService,
  signal: NodeJS.Signals = 'SIGTERM',
): Promise<number | null> {
  child.kill(signal);
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  running.delete(child);
  return child.exitCode;
}
