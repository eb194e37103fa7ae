// lsllama key: makes an API key. The key is shown once, and only its hash is kept.

import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { writeError } from '../model/atomicFolder.js';
import {
  type ApiKey,
  checkKeys,
  isDateTime,
  PRIORITIES,
  readKeysFile,
  SCOPES,
  type Scope,
  sha256,
} from '../server/access/keysFile.js';
import { wholeNumber } from './options.js';

interface KeyFlags {
  readonly scopes: readonly Scope[];
  readonly expires?: string;
  readonly requestsPerMinute?: number;
  readonly tokensPerMinute?: number;
  readonly priority?: NonNullable<ApiKey['priority']>;
  readonly addTo?: string;
}

export function configure(command: Command): void {
  command
    .argument('<name>', 'what metrics and the log call the key')
    .addOption(
      new Option('--scopes <scopes>', `what the key is for: ${SCOPES.join(',')}`)
        .default(['predict'], 'predict')
        .argParser(scopeList),
    )
    .addOption(
      new Option('--expires <time>', 'when the key ends, such as 2030-01-31T00:00:00Z').argParser(dateTime),
    )
    .addOption(
      new Option('--requests-per-minute <n>', 'the most requests in a minute').argParser(wholeNumber(1)),
    )
    .addOption(
      new Option('--tokens-per-minute <n>', 'the most tokens of texts in a minute').argParser(wholeNumber(1)),
    )
    .addOption(new Option('--priority <class>', 'the class of its requests').choices(PRIORITIES))
    .addOption(new Option('--add-to <file>', 'the keys file to add the entry to; it may be new'))
    .action(makeKey);
}

/** Writes the key and its entry to standard output; with --add-to only the key. */
function makeKey(name: string, flags: KeyFlags): void {
  const key = `lsk_${randomBytes(32).toString('base64url')}`;
  const entry: ApiKey = {
    name,
    sha256: sha256(key).toString('hex'),
    scopes: flags.scopes,
    ...(flags.expires && { expires: flags.expires }),
    ...(flags.requestsPerMinute && { requests_per_minute: flags.requestsPerMinute }),
    ...(flags.tokensPerMinute && { tokens_per_minute: flags.tokensPerMinute }),
    ...(flags.priority && { priority: flags.priority }),
  };
  checkKeys([entry], 'the new key');
  if (flags.addTo !== undefined) {
    addEntry(flags.addTo, entry);
    process.stdout.write(`${key}\n`);
    process.stderr.write(`The key is shown only now. ${flags.addTo} has its hash.\n`);
    return;
  }
  process.stdout.write(`${key}\n${JSON.stringify(entry)}\n`);
  process.stderr.write('The key is shown only now. Add its entry to the list in the file of --api-keys.\n');
}

/** The file keeps its inode, owner and mode, so that a container into which it is mounted reads the new content. */
function addEntry(file: string, entry: ApiKey): void {
  const keys = [...(existsSync(file) ? readKeysFile(file) : []), entry];
  checkKeys(keys, file);
  try {
    writeFileSync(file, `${JSON.stringify(keys, undefined, 2)}\n`);
  } catch (error) {
    throw writeError(file, error);
  }
}

function scopeList(text: string): Scope[] {
  const scopes = text.split(',').map(scope => scope.trim());
  const wrong = scopes.find(scope => !SCOPES.some(known => known === scope));
  if (wrong === undefined) return scopes as Scope[];
  throw new InvalidArgumentError(`expected scopes of ${SCOPES.join(', ')}, found ${wrong}.`);
}

function dateTime(text: string): string {
  if (isDateTime(text)) return text;
  throw new InvalidArgumentError('expected a date and time such as 2030-01-31T00:00:00Z.');
}
