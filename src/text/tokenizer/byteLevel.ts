// The alphabet of byte-level tokenizers: one printable character for each byte of UTF-8.
// https://github.com/openai/gpt-2/blob/master/src/encoder.py, bytes_to_unicode.

/**
 * The character of each byte. Printable Latin-1 stands for itself; the other bytes become characters from U+0100 on.
 */
const BYTE_CHARACTERS = byteCharacters();

function byteCharacters(): string[] {
  const isPrintable = (byte: number) => /[!-~\u00a1-\u00ac\u00ae-\u00ff]/.test(String.fromCharCode(byte));
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : next++));
}

/** Writes a text's UTF-8 bytes in the byte-level alphabet: " é" becomes "ĠÃ©". */
export function toByteLevel(text: string): string {
  let written = '';
  for (const byte of Buffer.from(text)) written += BYTE_CHARACTERS[byte];
  return written;
}

const BYTES = new Map(BYTE_CHARACTERS.map((character, byte) => [character, byte]));

/** The bytes that a text in the byte-level alphabet stands for; undefined if it has a character that is not in it. */
export function bytesOf(written: string): Buffer | undefined {
  const bytes: number[] = [];
  for (const character of written) {
    const byte = BYTES.get(character);
    if (byte === undefined) return undefined;
    bytes.push(byte);
  }
  return Buffer.from(bytes);
}
