// Bytes to text, for all that callers send and all files that users bring.

import { isUtf8 } from 'node:buffer';
import { UserError } from './errors.js';

/**
 * Decodes UTF-8. A byte order mark at the start is left out. Throws UserError, which names the `file` if it is given,
 * where the bytes are not UTF-8: with U+FFFD in their place, another text would be read.
 */
export function decodeUtf8(bytes: Uint8Array, file?: string): string {
  const fault = utf8Fault(bytes);
  if (fault) throw new UserError(file === undefined ? fault : `${file}: ${fault}`);
  return new TextDecoder().decode(bytes);
}

/** Says where bytes stop being UTF-8; undefined if they are UTF-8. */
export function utf8Fault(bytes: Uint8Array): string | undefined {
  if (isUtf8(bytes)) return undefined;
  // The bytes of the text with U+FFFD in it differ from the given ones where the first fault is.
  const replaced = Buffer.from(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
  const offset = bytes.findIndex((byte, index) => byte !== replaced[index]);
  if (offset < 0) return 'expected UTF-8, found an incomplete character at the end';
  return `expected UTF-8, found the byte 0x${bytes[offset]!.toString(16).padStart(2, '0')} at offset ${offset}`;
}
