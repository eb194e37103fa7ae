// Whether the files of a model folder are those that its export wrote, by their SHA-256.

import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { UserError } from '../errors.js';
import { DATA_FILE, MODEL_FILE } from '../onnx/contract.js';
import { TOKENIZER_FILES } from '../text/tokenizer.js';
import { hashFile } from './hash.js';
import { fileSizes, MANIFEST, type Manifest } from './manifest.js';

/** The files that are read when a model is loaded. A folder may hold others, such as a description for people. */
const FILES_THAT_ARE_READ = [MODEL_FILE, DATA_FILE, ...TOKENIZER_FILES];

/** The SHA-256 of each file in a model folder, the manifest excepted. */
export async function fileHashes(folder: string): Promise<Record<string, string>> {
  const names = Object.keys(fileSizes(folder));
  const hashes = await Promise.all(names.map(name => hashFile(join(folder, name))));
  return Object.fromEntries(names.map((name, i) => [name, hashes[i]!]));
}

/**
 * Compares every file of a model folder with its hash in the manifest. A manifest without hashes is taken as it is.
 * Throws UserError naming the first file that has another hash, or that the manifest does not list.
 */
export async function checkHashes(folder: string, { files, sha256 }: Manifest): Promise<void> {
  if (!sha256) return;
  const present = FILES_THAT_ARE_READ.filter(name => existsSync(join(folder, name)));
  const names = new Set([...Object.keys(files), ...present]);
  await Promise.all(
    [...names].map(async name => {
      const expected = sha256[name];
      if (expected === undefined) {
        throw new UserError(`${basename(folder)}/${name}: expected its SHA-256 in ${MANIFEST}, found none`);
      }
      const found = await hashFile(join(folder, name));
      if (found === expected) return;
      throw new UserError(
        `${basename(folder)}/${name}: expected SHA-256 ${expected}, found ${found}: the model folder is damaged`,
      );
    }),
  );
}
