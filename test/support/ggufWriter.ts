// Writes GGUF files, byte by byte: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.

export const uint32 = (value: number) => Buffer.from(Uint32Array.of(value).buffer);
export const uint64 = (value: number | bigint) => Buffer.from(BigUint64Array.of(BigInt(value)).buffer);
export const text = (value: string) => Buffer.concat([uint64(Buffer.byteLength(value)), Buffer.from(value)]);
export const pair = (key: string, type: number, value: Buffer) =>
  Buffer.concat([text(key), uint32(type), value]);

// Numbers of the types of values.
export const UINT32 = 4;
export const ARRAY = 9;

interface Entry {
  name?: string;
  dimensions?: (number | bigint)[];
  type?: number;
  offset?: number | bigint;
}

function entry({ name = 'a', dimensions = [8], type = 0, offset = 0 }: Entry): Buffer {
  return Buffer.concat([
    text(name),
    uint32(dimensions.length),
    ...dimensions.map(uint64),
    uint32(type),
    uint64(offset),
  ]);
}

/** A file with nothing but a header and 64 bytes of data. Its claims need not be true. */
export function gguf(
  parts: {
    version?: number;
    pairs?: Buffer[];
    entries?: Entry[];
    tensorCount?: bigint;
    pairCount?: bigint;
  } = {},
) {
  const { version = 3, pairs = [], entries = [] } = parts;
  const header = Buffer.concat([
    Buffer.from('GGUF'),
    uint32(version),
    uint64(parts.tensorCount ?? entries.length),
    uint64(parts.pairCount ?? pairs.length),
    ...pairs,
    ...entries.map(entry),
  ]);
  const padding = Buffer.alloc((32 - (header.length % 32)) % 32);
  return Buffer.concat([header, padding, Buffer.alloc(64)]);
}
