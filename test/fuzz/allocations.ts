// Watches how large the buffers are that the code allocates.

const TYPED_ARRAYS = [
  'Float32Array',
  'Float64Array',
  'Int32Array',
  'Uint8Array',
  'Uint16Array',
  'Uint32Array',
] as const;

let largest = 0;

/** Counts the typed arrays and buffers that are made from now on. Returns a function that ends it. */
export function watchAllocations(): () => void {
  const restores = TYPED_ARRAYS.map(name => {
    const original = globalThis[name];
    const counted = new Proxy<typeof original>(original, {
      construct(target, args, newTarget) {
        const [length] = args as unknown[];
        if (typeof length === 'number') largest = Math.max(largest, length * target.BYTES_PER_ELEMENT);
        return Reflect.construct(target, args, newTarget) as object;
      },
    });
    Object.assign(globalThis, { [name]: counted });
    return () => void Object.assign(globalThis, { [name]: original });
  });
  const allocate = Buffer.allocUnsafeSlow;
  Buffer.allocUnsafeSlow = size => {
    largest = Math.max(largest, size);
    return allocate(size);
  };
  return () => {
    Buffer.allocUnsafeSlow = allocate;
    for (const restore of restores) restore();
  };
}

/** The size in bytes of the largest buffer since the last call. */
export function largestAllocation(): number {
  const size = largest;
  largest = 0;
  return size;
}
