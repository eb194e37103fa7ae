// How many cores this process may use: a container's quota counts, which Node's own number leaves out.

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * At least 1. `root` is the file system's, `limit` what the scheduler of the system allows.
 * https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu, https://docs.kernel.org/scheduler/sched-bwc.html
 */
export function usableCores(root = '/', limit = availableParallelism()): number {
  const quotas = process.platform === 'linux' ? cgroupQuotas(root) : [];
  return Math.max(1, Math.floor(Math.min(limit, ...quotas)));
}

/** In cores, of each group that this process is in. */
function cgroupQuotas(root: string): number[] {
  const lines = read(join(root, 'proc/self/cgroup'))?.split('\n') ?? [];
  return lines.flatMap(line => {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (path === undefined) return [];
    if (controllers === '') return groupsFrom(path).map(group => quota2(join(root, 'sys/fs/cgroup', group)));
    if (!controllers!.split(',').includes('cpu')) return [];
    const mounts = ['cpu', 'cpu,cpuacct'].map(name => join(root, 'sys/fs/cgroup', name));
    return mounts.flatMap(mount => groupsFrom(path).map(group => quota1(join(mount, group))));
  });
}

/** A group and those that it is in: each one's quota holds. In a container only the outermost may be there. */
function groupsFrom(path: string): string[] {
  return path === '/' ? [path] : [path, ...groupsFrom(dirname(path))];
}

function quota2(group: string): number {
  const [quota, period] = read(join(group, 'cpu.max'))?.trim().split(' ') ?? [];
  return cores(quota, period);
}

function quota1(group: string): number {
  return cores(read(join(group, 'cpu.cfs_quota_us')), read(join(group, 'cpu.cfs_period_us')));
}

/** Infinity where there is none: `max`, -1, or no file. Both in microseconds. */
function cores(quota: string | undefined, period: string | undefined): number {
  const found = Number(quota) / Number(period);
  return found > 0 ? found : Number.POSITIVE_INFINITY;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
