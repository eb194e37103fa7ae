// How much memory this process may use. Node's own count ignores the limit of a container.

import { totalmem } from 'node:os';

/** The memory of the machine, or the limit of the control group that this process is in. In bytes. */
export function usableMemory(): number {
  // 0 or more than the machine has where there is no limit.
  const limit = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  return Math.min(totalmem(), limit);
}
