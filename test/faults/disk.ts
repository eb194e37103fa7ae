// A disk without room, on which the cache lies. It is a file system in memory, so this needs the right to mount one.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from '../support/fixtures.js';
import { enginePids } from '../support/processes.js';
import { ready, startService, stop } from '../support/serve.js';
import type { Fault, FaultOptions, FaultResult } from './fault.js';
import { Load } from './load.js';

export const DISK_FULL: Fault = {
  name: 'disk-full',
  description: 'the disk of the cache is full while engines are killed',
  run: diskFull,
};

async function diskFull({ times = 5 }: FaultOptions): Promise<FaultResult> {
  const disk = mkdtempSync(join(tmpdir(), 'lsllama-disk-'));
  mustRun('mount', '-t', 'tmpfs', '-o', 'size=2g', 'tmpfs', disk);
  try {
    const service = await startService(join(ROOT, 'models'), disk, '--cache-size', '0');
    await ready(service);
    const load = await Load.start(service.url);
    fill(join(disk, 'filler'));
    for (let kills = 0; kills < times; ) {
      await sleep(1500);
      const [pid] = enginePids(service.process.pid);
      if (pid === undefined) continue;
      process.kill(pid, 'SIGKILL');
      kills++;
    }
    await load.recovery(1);
    await load.stop();
    await stop(service);
    return { requests: load.requests, failed: load.failed, wrong: load.wrong, notes: [] };
  } finally {
    mustRun('umount', disk);
    rmSync(disk, { recursive: true });
  }
}

/** Writes until the disk has no room left. */
function fill(path: string): void {
  const chunk = Buffer.alloc(1 << 20);
  try {
    for (;;) writeFileSync(path, chunk, { flag: 'a' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

function mustRun(command: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
}
