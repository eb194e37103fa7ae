// The API keys that the service knows at this moment.

import { timingSafeEqual } from 'node:crypto';
import type { Logger } from 'pino';
import { UserError } from '../../errors.js';
import { type ApiKey, checkKeys, readKeysFile, SCOPES, sha256 } from './keysFile.js';
import { watchFiles } from './watchFiles.js';

export interface KeyOptions {
  /** A key with all scopes, which is named `default`. */
  readonly apiKey?: string;
  /** The path of the keys file. */
  readonly apiKeys?: string;
}

interface Entry {
  readonly key: ApiKey;
  readonly digest: Buffer;
}

export class Keyring {
  /** Whether callers need no key, because none was configured. */
  readonly isOpen: boolean;
  readonly #options: KeyOptions;
  #entries: readonly Entry[];

  /** Throws UserError where a key or the file cannot be used. */
  constructor(options: KeyOptions) {
    this.isOpen = options.apiKey === undefined && options.apiKeys === undefined;
    this.#options = options;
    this.#entries = entriesOf(options);
  }

  /** Reads the file again whenever it changes. The keys stay as they are where the new file cannot be used. */
  watch(log: Logger): void {
    const { apiKeys: file } = this.#options;
    if (file === undefined) return;
    watchFiles([file], () => {
      try {
        this.#entries = entriesOf(this.#options);
        log.info({ file, keys: this.#entries.map(({ key }) => key.name) }, 'API keys read again');
      } catch (error) {
        log.error({ file, reason: (error as Error).message }, 'API keys stay as they were');
      }
    });
  }

  /** The key whose text is `given`. All keys are compared, each in constant time, so the time reveals nothing. */
  find(given: string): ApiKey | undefined {
    const digest = sha256(given);
    let found: ApiKey | undefined;
    for (const entry of this.#entries) if (timingSafeEqual(entry.digest, digest)) found = entry.key;
    return found;
  }
}

function entriesOf({ apiKey, apiKeys }: KeyOptions): readonly Entry[] {
  const keys = [
    ...(apiKey === undefined ? [] : [defaultKey(apiKey)]),
    ...(apiKeys === undefined ? [] : readKeysFile(apiKeys)),
  ];
  if (apiKey !== undefined) checkKeys(keys, '--api-key and --api-keys');
  return keys.map(key => ({ key, digest: Buffer.from(key.sha256, 'hex') }));
}

function defaultKey(text: string): ApiKey {
  if (text === '') {
    throw new UserError(
      '--api-key (LSLLAMA_API_KEY): expected a key, found an empty one: give a key, or unset the variable to serve everybody',
    );
  }
  // Clients cannot send other characters in a header, so such a key would let nobody in.
  if (!/^[!-~]+( +[!-~]+)*$/.test(text)) {
    throw new UserError(
      '--api-key (LSLLAMA_API_KEY): expected letters, digits and punctuation of ASCII, without spaces or line ends around them',
    );
  }
  return { name: 'default', sha256: sha256(text).toString('hex'), scopes: SCOPES };
}
