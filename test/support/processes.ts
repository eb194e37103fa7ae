// Engine processes, as the system lists them.

import { readdirSync, readFileSync } from 'node:fs';

/** Children of a process that are engines, by id: Linux only, as is their title. */
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
