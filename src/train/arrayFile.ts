// An array of floats that processes exchange through a file. A message of 15 MB takes 70 ms each way, a file 3 ms.

import { closeSync, openSync, readSync, writeSync } from 'node:fs';

export class ArrayFile {
  readonly #fd: number;
  readonly #values: Float32Array;
  readonly #bytes: Uint8Array;

  /** Opens a file for an array of `length` values. `flags`: w+ makes the file, r+ expects it. Throws what the file system throws. */
  constructor(path: string, length: number, flags: 'w+' | 'r+') {
    this.#fd = openSync(path, flags);
    this.#values = new Float32Array(length);
    this.#bytes = new Uint8Array(this.#values.buffer);
  }

  write(values: Float32Array): void {
    const { buffer, byteOffset, byteLength } = values;
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    for (let done = 0; done < byteLength; ) {
      done += writeSync(this.#fd, bytes, done, byteLength - done, done);
    }
  }

  /** The values that were written last. The next call changes the array. Throws where fewer were written. */
  read(): Float32Array {
    const { length } = this.#bytes;
    for (let done = 0; done < length; ) {
      const read = readSync(this.#fd, this.#bytes, done, length - done, done);
      if (read === 0) throw new Error(`expected ${length} bytes in a file of a training run, found ${done}`);
      done += read;
    }
    return this.#values;
  }

  close(): void {
    closeSync(this.#fd);
  }
}
