// The base of an adapter where the user names none: PEFT writes into an adapter what it was trained on.

import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { adapterFolder } from '../checkpoint/adapter.js';
import { ADAPTER_CONFIG } from '../checkpoint/adapterConfig.js';
import { readJsonObject } from '../checkpoint/files.js';
import { UserError } from '../errors.js';

const FIELD = 'base_model_name_or_path';

/**
 * The path of the base that an adapter's config names, which is relative to the working folder or to the adapter.
 * Throws UserError where there is nothing at that path, or the config names no base. Nothing is downloaded.
 */
export function namedBase(adapter: string): string {
  const folder = adapterFolder(adapter);
  const name = readJsonObject(join(folder, ADAPTER_CONFIG))[FIELD];
  const label = `adapter ${basename(folder)}`;
  if (typeof name !== 'string' || name === '') {
    throw new UserError(
      `${label}: its ${ADAPTER_CONFIG} does not name the base that it was trained on (${FIELD}): ` +
        "give the base's folder or .gguf file with --base",
    );
  }
  const found = [resolve(name), resolve(folder, name)].find(existsSync);
  if (found) return found;
  throw new UserError(
    `${label}: it was trained on ${name}, and there is no such folder here: ` +
      'download that model and give its folder with --base (a .gguf file of it works as well)',
  );
}
