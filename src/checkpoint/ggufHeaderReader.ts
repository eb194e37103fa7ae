// Reads the numbers and strings of a GGUF file's header in order, from its start to its end.

import { UserError } from '../errors.js';
import type { RandomAccessFile } from './files.js';

/** The file is read in chunks of this size. Most headers are a few megabytes of vocabulary. */
const CHUNK_BYTES = 1 << 20;

/** Far above the largest vocabulary. A header that claims to be longer is damaged or malicious. */
const MAX_HEADER_BYTES = 100_000_000;

/**
 * Each method returns the next value of the header and moves past it. The methods throw UserError where a length in the
 * header leads beyond the file or beyond `MAX_HEADER_BYTES`; nothing is allocated for such a length.
 */
export class HeaderReader {
  /** The offset of the next byte from the start of the file. */
  position = 0;
  readonly #file: RandomAccessFile;
  readonly #end: number;
  #chunk: Buffer = Buffer.alloc(0);
  #chunkStart = 0;

  constructor(file: RandomAccessFile) {
    this.#file = file;
    this.#end = Math.min(file.size, MAX_HEADER_BYTES);
  }

  /** A view of the next `length` bytes. It stays valid: the chunk that it points into is not used again. */
  bytes(length: number): Buffer {
    if (this.position + length > this.#end) {
      throw new UserError(
        `${this.#file.name}: its header goes on beyond byte ${this.#end}: the file is truncated, damaged or no GGUF file`,
      );
    }
    let at = this.position - this.#chunkStart;
    if (at + length > this.#chunk.length) {
      const wanted = Math.min(Math.max(length, CHUNK_BYTES), this.#end - this.position);
      // The underlying buffer may have been used before and be longer than the bytes that were read into it.
      const { buffer, byteOffset, byteLength } = this.#file.readSync(this.position, wanted);
      this.#chunk = Buffer.from(buffer, byteOffset, byteLength);
      this.#chunkStart = this.position;
      at = 0;
    }
    this.position += length;
    return this.#chunk.subarray(at, at + length);
  }

  uint32(): number {
    return this.bytes(4).readUInt32LE();
  }

  /** A uint64 that is a dimension or the offset of the named tensor. */
  size(tensor: string): number {
    const size = this.bytes(8).readBigUInt64LE();
    if (size > Number.MAX_SAFE_INTEGER) {
      throw new UserError(
        `${this.#file.name}: ${tensor}: has a dimension or offset of ${size}: the file is damaged`,
      );
    }
    return Number(size);
  }

  /** A uint64 that counts things that follow in the header, each of at least `bytes` bytes. */
  count(things: string, bytes: number): number {
    const count = this.bytes(8).readBigUInt64LE();
    const room = Math.floor((this.#end - this.position) / bytes);
    if (count > room) {
      throw new UserError(
        `${this.#file.name}: claims ${count} ${things}, but has room for ${room}: the file is truncated or damaged`,
      );
    }
    return Number(count);
  }

  string(): string {
    return this.bytes(this.count('bytes in a string', 1)).toString('utf8');
  }
}
