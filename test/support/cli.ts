// Runs commands of lsllama, as a user does.

import { spawnSync } from 'node:child_process';
import { ROOT, temporaryFolder } from './fixtures.js';

/** The cache of a test file's commands, so that they leave nothing in that of the user. */
export const commandCache = temporaryFolder();

/** Runs a command to its end. */
export function lsllama(args: readonly string[], input: string | Uint8Array = '') {
  const { status, stdout, stderr } = spawnSync(process.execPath, [`${ROOT}/dist/cli.js`, ...args], {
    input,
    encoding: 'utf8',
    env: { ...process.env, LSLLAMA_CACHE: commandCache },
  });
  return { status, stdout, stderr };
}

/** Values as JSON lines. */
export function jsonLines(values: readonly object[]): string {
  return values.map(value => `${JSON.stringify(value)}\n`).join('');
}
