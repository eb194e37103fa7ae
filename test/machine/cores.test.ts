// The cores that a container's quota leaves, read from files such as Linux has.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { usableCores } from '../../dist/machine/cores.js';
import { temporaryFolder } from '../support/fixtures.js';

const root = temporaryFolder();

it.runIf(process.platform === 'linux').each([
  ['no quota', { 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/cpu.max': 'max 100000\n' }, 8],
  ['no cgroups', {}, 8],
  ['version 2', { 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/cpu.max': '250000 100000\n' }, 2],
  ['less than a core', { 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/cpu.max': '50000 100000\n' }, 1],
  ['more than there are', { 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/cpu.max': '6400000 100000\n' }, 8],
  [
    'the narrowest of nested groups',
    {
      'proc/self/cgroup': '0::/kubepods/pod1\n',
      'sys/fs/cgroup/kubepods/pod1/cpu.max': 'max 100000\n',
      'sys/fs/cgroup/kubepods/cpu.max': '300000 100000\n',
      'sys/fs/cgroup/cpu.max': '500000 100000\n',
    },
    3,
  ],
  [
    'version 2, where the path is the host’s',
    { 'proc/self/cgroup': '0::/docker/abc\n', 'sys/fs/cgroup/cpu.max': '400000 100000\n' },
    4,
  ],
  [
    'version 1',
    {
      'proc/self/cgroup': '5:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n',
      'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '200000\n',
      'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
    },
    2,
  ],
  [
    'version 1 without quota',
    {
      'proc/self/cgroup': '4:cpuacct,cpu:/\n',
      'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
      'sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
    },
    8,
  ],
  ['damaged files', { 'proc/self/cgroup': '0::/\nno\n', 'sys/fs/cgroup/cpu.max': '' }, 8],
])('%s', (name, files, expected) => {
  const folder = join(root, name);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  expect(usableCores(folder, 8)).toBe(expected);
});
