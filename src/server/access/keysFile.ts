// The keys file of `serve --api-keys`: who may call the service, for what, and how much. It holds hashes of the keys,
// so that nobody who reads it can call the service.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readError } from '../../checkpoint/files.js';
import { UserError } from '../../errors.js';
import { parseJson } from '../../json.js';
import { type Document, documentChecker } from '../../model/document.js';
import { PRIORITIES } from '../../scheduler/job.js';
import { decodeUtf8 } from '../../utf8.js';

/** What a key may be used for: requests to models, reading metrics, changing what is served. */
export const SCOPES = ['predict', 'metrics', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

export { PRIORITIES };

const SCHEMA = {
  type: 'array',
  items: {
    type: 'object',
    required: ['name', 'sha256', 'scopes'],
    additionalProperties: false,
    properties: {
      /** The metrics and the log call the key by its name. */
      name: { type: 'string' },
      /** The SHA-256 of the key in hexadecimal digits. */
      sha256: { type: 'string' },
      scopes: { type: 'array', items: { enum: SCOPES } },
      /** From this time on the key is refused, as a date and time of ISO 8601 with a time zone. */
      expires: { type: 'string' },
      requests_per_minute: { type: 'integer', minimum: 1 },
      tokens_per_minute: { type: 'integer', minimum: 1 },
      priority: { enum: PRIORITIES },
    },
  },
} as const;

/** One entry of the file. */
export type ApiKey = Document<typeof SCHEMA>[number];

const checkShape = documentChecker(SCHEMA);

/** Reads the file. Throws UserError, which names the key and the field, where it cannot be used. */
export function readKeysFile(path: string): readonly ApiKey[] {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw readError(path, error);
  }
  const keys = checkShape(parseJson(decodeUtf8(bytes, path), path), path);
  checkKeys(keys, path);
  return keys;
}

/** Throws UserError, which begins with `source`, for the first field that cannot be used. */
export function checkKeys(keys: readonly ApiKey[], source: string): void {
  keys.forEach((key, i) => {
    const fault = fieldFault(key) ?? repeatFault(key, keys.slice(0, i));
    if (fault) throw new UserError(`${source}: entry ${i} (${JSON.stringify(key.name)}): ${fault}`);
  });
}

export function sha256(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

// Hashes are not shown: somebody may have written the key itself in place of its hash, and errors go to the log.
function fieldFault({ name, sha256, expires }: ApiKey): string | undefined {
  if (!/^[\w.@-]{1,64}$/.test(name)) return 'name: expected 1 to 64 letters, digits or any of . _ - @';
  if (!/^[0-9a-f]{64}$/i.test(sha256)) {
    return `sha256: expected the 64 hexadecimal digits that the command "key" writes, found ${sha256.length} characters`;
  }
  if (expires !== undefined && !isDateTime(expires)) {
    return `expires: expected a date and time such as 2030-01-31T00:00:00Z, found ${JSON.stringify(expires)}`;
  }
  return undefined;
}

function repeatFault(key: ApiKey, before: readonly ApiKey[]): string | undefined {
  if (before.some(({ name }) => name === key.name)) return 'expected a name that no key before it has';
  const same = before.find(({ sha256 }) => sha256.toLowerCase() === key.sha256.toLowerCase());
  return same && `sha256: expected a key of its own, found that of ${same.name}`;
}

/** Without a time zone, a time would mean another moment on another machine. */
export function isDateTime(text: string): boolean {
  return (
    /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text) &&
    !Number.isNaN(Date.parse(text))
  );
}
