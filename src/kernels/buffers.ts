// Buffers used over and over while weights stream through an export. A fresh one would cost more than the work that is
// done in it: its pages have to be mapped and zeroed, and garbage collections follow.

const free: ArrayBuffer[] = [];
/** More than ever wait at once: a piece being read, its bytes, one being merged, one being written. */
const MOST_FREE = 8;

/** Room for values that the caller will all write: what stands in it is left over. */
export function takeFloat32(length: number): Float32Array<ArrayBuffer> {
  return new Float32Array(take(4 * length), 0, length);
}

export function takeBytes(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(take(length), 0, length);
}

/** Gives a buffer back for others to use. Nobody may look at it any more. */
export function giveBack({ buffer }: Float32Array | Uint8Array): void {
  if (free.length < MOST_FREE) free.push(buffer as ArrayBuffer);
}

/** A free buffer that is not much too large, or a new one. */
function take(bytes: number): ArrayBuffer {
  const fits = free.findIndex(({ byteLength }) => byteLength >= bytes && byteLength <= 2 * bytes);
  if (fits >= 0) return free.splice(fits, 1)[0]!;
  return Buffer.allocUnsafeSlow(bytes).buffer as ArrayBuffer;
}
