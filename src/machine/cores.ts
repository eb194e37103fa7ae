// How many cores this process may use. Node's own count ignores a container's CPU quota, so the quota is read here.

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * The whole cores that this process may use, at least 1: the fewest that the operating system's scheduler (`limit`) and
 * the quota of any control group allow. `root` is the root of the file system.
 * https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu, https://docs.kernel.org/scheduler/sched-bwc.html
 */
export function usableCores(root = '/', limit = availableParallelism()): number {
  const quotas = process.platform === 'linux' ? cgroupQuotas(root) : [];
  return Math.max(1, Math.floor(Math.min(limit, ...quotas)));
}

/** The quota, in cores, of each control group that this process is in. */
function cgroupQuotas(root: string): number[] {
  const lines = read(join(root, 'proc/self/cgroup'))?.split('\n') ?? [];
  return lines.flatMap(line => {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (path === undefined) return [];
    if (controllers === '') return groupsFrom(path).map(group => quotaV2(join(root, 'sys/fs/cgroup', group)));
    if (!controllers!.split(',').includes('cpu')) return [];
    const mounts = ['cpu', 'cpu,cpuacct'].map(name => join(root, 'sys/fs/cgroup', name));
    return mounts.flatMap(mount => groupsFrom(path).map(group => quotaV1(join(mount, group))));
  });
}

/** A group and the groups around it, whose quotas apply as well. In a container only the outermost may be visible. */
function groupsFrom(path: string): string[] {
  return path === '/' ? [path] : [path, ...groupsFrom(dirname(path))];
}

/** The quota of a group of version 2, in cores. */
function quotaV2(group: string): number {
  const [quota, period] = read(join(group, 'cpu.max'))?.trim().split(' ') ?? [];
  return cores(quota, period);
}

/** The quota of a group of version 1, in cores. */
function quotaV1(group: string): number {
  return cores(read(join(group, 'cpu.cfs_quota_us')), read(join(group, 'cpu.cfs_period_us')));
}

/** A quota in cores, Infinity where there is none: `max`, -1, or no file. Quota and period are in microseconds. */
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
