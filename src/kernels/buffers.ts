// Buffers that are reused while weights stream through an export. A fresh buffer would cost more than the work done in
// it: its pages have to be mapped and zeroed, and garbage collections follow.

/** Buffers that are not in use. */
const free: ArrayBuffer[] = [];
/** More buffers than are ever in use at once: a piece being read, its bytes, one being merged, one being written. */
const MAX_FREE = 8;

/** Room for `length` values. It still holds old values, so the caller has to write every one. */
export function takeFloat32(length: number): Float32Array<ArrayBuffer> {
  return new Float32Array(take(4 * length), 0, length);
}

/** Room for `length` bytes. It still holds old bytes, so the caller has to write every one. */
export function takeBytes(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(take(length), 0, length);
}

/**
 * Gives an array's buffer back for reuse. Only the array's owner may do so, once, and nobody may use the array after.
 * Throws where the buffer was given back already, since two owners would then write over each other.
 */
export function giveBack({ buffer }: Float32Array | Uint8Array): void {
  if (free.includes(buffer as ArrayBuffer)) throw new Error('a buffer was given back twice');
  if (free.length < MAX_FREE) free.push(buffer as ArrayBuffer);
}

/** A free buffer of at least `bytes` and at most twice that, or a new one. */
function take(bytes: number): ArrayBuffer {
  const fits = free.findIndex(({ byteLength }) => byteLength >= bytes && byteLength <= 2 * bytes);
  if (fits >= 0) return free.splice(fits, 1)[0]!;
  return Buffer.allocUnsafeSlow(bytes).buffer as ArrayBuffer;
}
