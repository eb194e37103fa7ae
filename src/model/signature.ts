// Signatures of model folders, in Ed25519 (https://www.rfc-editor.org/rfc/rfc8032). The manifest is signed, and it holds
// the hashes of all other files.

import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readError } from '../checkpoint/files.js';
import { UserError } from '../errors.js';
import { checkHashes } from './integrity.js';
import { MANIFEST, readManifest } from './manifest.js';

/** Holds the signature of the manifest in base64. */
const SIGNATURE = `${MANIFEST}.sig`;

/**
 * Signs a model folder with the private key in a PEM file. Throws UserError where the folder is damaged, its manifest has
 * no hashes, or the file is no such key.
 */
export async function signModel(folder: string, keyFile: string): Promise<void> {
  const manifest = readManifest(folder);
  if (!manifest.sha256) {
    throw new UserError(
      `${basename(folder)}/${MANIFEST}: expected the SHA-256 of each file, found none: export the model again`,
    );
  }
  const key = readKey(keyFile, 'private', createPrivateKey);
  await checkHashes(folder, manifest);
  const signature = sign(null, readFileSync(join(folder, MANIFEST)), key);
  writeFileSync(join(folder, SIGNATURE), `${signature.toString('base64')}\n`);
}

/** Reads a public key from a PEM file. Throws UserError where it is none of Ed25519. */
export function readPublicKey(file: string): KeyObject {
  return readKey(file, 'public', createPublicKey);
}

export function isSigned(folder: string): boolean {
  return existsSync(join(folder, SIGNATURE));
}

/** Throws UserError unless the manifest of a folder is signed with the key, and holds the hashes of the other files. */
export function checkSignature(folder: string, key: KeyObject): void {
  const name = `${basename(folder)}/${SIGNATURE}`;
  if (!isSigned(folder)) throw new UserError(`${name}: no such file: expected a signed model folder`);
  const signature = Buffer.from(readFileSync(join(folder, SIGNATURE), 'utf8'), 'base64');
  if (!verify(null, readFileSync(join(folder, MANIFEST)), key, signature)) {
    throw new UserError(`${name}: the signature does not fit ${MANIFEST} and the required key`);
  }
  if (readManifest(folder).sha256) return;
  throw new UserError(`${basename(folder)}/${MANIFEST}: expected the SHA-256 of each file, found none`);
}

function readKey(file: string, kind: 'private' | 'public', parse: (pem: Buffer) => KeyObject): KeyObject {
  let pem: Buffer;
  try {
    pem = readFileSync(file);
  } catch (error) {
    throw readError(file, error);
  }
  let key: KeyObject | undefined;
  try {
    key = parse(pem);
  } catch {}
  if (key?.asymmetricKeyType === 'ed25519') return key;
  const found = key ? `one of ${key.asymmetricKeyType}` : 'no such key';
  throw new UserError(`${file}: expected a ${kind} Ed25519 key in PEM, found ${found}`);
}
