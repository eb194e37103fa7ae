// Memory of a service: of its process and its engines together. Linux only.

import { readFileSync } from 'node:fs';
import { enginePids } from '../support/processes.js';
import type { RunningService } from '../support/serve.js';

/** What is resident now. MiB. */
export function residentMemory(service: RunningService): number {
  return total(service, 'VmRSS');
}

/** The most that each process had resident, each at its own time. MiB. */
export function peakMemory(service: RunningService): number {
  return total(service, 'VmHWM');
}

function total({ process: { pid } }: RunningService, field: string): number {
  const sizes = [pid!, ...enginePids(pid)].map(each => {
    const status = readFileSync(`/proc/${each}/status`, 'utf8');
    return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0);
  });
  return Math.round(sizes.reduce((sum, size) => sum + size, 0) / 1024);
}
