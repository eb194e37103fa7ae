// Finds engine processes in the system's process table.

import { readdirSync, readFileSync } from 'node:fs';

/** Ids of the engines that are children of a process. Linux only: it reads the processes' titles from /proc. */
export function enginePids(parent = process.pid): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(pid => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        return (
          stat.includes('(lsllama-engine)') &&
          Number(stat.slice(stat.lastIndexOf(')') + 4).split(' ')[0]) === parent
        );
      } catch {
        return false;
      }
    })
    .map(Number);
}
