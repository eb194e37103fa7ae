// The header of a GGUF file, read from its start to its end: numbers and strings as they stand there.

import { UserError } from '../errors.js';
import type { RandomAccessFile } from './files.js';

/** A header read from this much at a time; most headers are a few megabytes of vocabulary. */
const CHUNK_BYTES = 1 << 20;

/** Far above the largest vocabulary: a longer header is an attack or damage. */
const MAX_HEADER_BYTES = 100_000_000;

/** Walks through the header, a chunk of the file at a time. Whatever a length claims, it reads within the file. */
export class HeaderReader {
  /** Of the next byte, from the file's start. */
  position = 0;
  readonly #file: RandomAccessFile;
  readonly #end: number;
  #chunk: Buffer = Buffer.alloc(0);
  #chunkStart = 0;

  constructor(file: RandomAccessFile) {
    this.#file = file;
    this.#end = Math.min(file.size, MAX_HEADER_BYTES);
  }

  /** A view of the next bytes, valid for as long as it is held. */
  bytes(length: number): Buffer {
    if (this.position + length > this.#end) {
      throw new UserError(
        `${this.#file.name}: its header goes on beyond byte ${this.#end}: it is truncated, damaged or no GGUF file`,
      );
    }
    let at = this.position - this.#chunkStart;
    if (at + length > this.#chunk.length) {
      const wanted = Math.min(Math.max(length, CHUNK_BYTES), this.#end - this.position);
      // a buffer that was used before may be longer than what was read into it
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

  /** A uint64 that is a tensor's dimension or offset. */
  size(tensor: string): number {
    const size = this.bytes(8).readBigUInt64LE();
    if (size > Number.MAX_SAFE_INTEGER) {
      throw new UserError(
        `${this.#file.name}: ${tensor}: has a dimension or offset of ${size}: it is damaged`,
      );
    }
    return Number(size);
  }

  /** A uint64 that counts things of at least `bytes` bytes each, which all stand in the rest of the header. */
  count(things: string, bytes: number): number {
    const count = this.bytes(8).readBigUInt64LE();
    const room = Math.floor((this.#end - this.position) / bytes);
    if (count > room) {
      throw new UserError(
        `${this.#file.name}: claims ${count} ${things}, but has room for ${room}: it is truncated or damaged`,
      );
    }
    return Number(count);
  }

  string(): string {
    return this.bytes(this.count('bytes in a string', 1)).toString('utf8');
  }
}
