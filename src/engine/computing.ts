// Processes that compute with ONNX Runtime for a parent, and end with it.

import { type ChildProcess, fork, type StdioOptions } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Starts the program of a process, with more pipes behind the usual ones. */
export function forkComputing(program: URL, ...pipes: 'pipe'[]): ChildProcess {
  const stdio: StdioOptions = ['ignore', 'ignore', 'inherit', 'ipc', ...pipes];
  return fork(fileURLToPath(program), {
    // Typed arrays arrive as such: https://nodejs.org/api/child_process.html#advanced-serialization
    serialization: 'advanced',
    // glibc gives each thread an arena of freed memory. One is enough: the threads of a pass do not compete for it.
    env: { ...process.env, MALLOC_ARENA_MAX: '1' },
    stdio,
  });
}

/** For the program of such a process: it ends when its parent does, and not before. */
export function endWithParent(): void {
  // Ctrl-C and a service manager's SIGTERM reach the whole process group. The parent decides when the work is done.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => {});
  process.on('disconnect', () => process.exit(0));
}
