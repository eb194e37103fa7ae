// Writes float32 tensors as a safetensors file.
// Format: https://huggingface.co/docs/safetensors (u64 header length, JSON header, raw little-endian data).

/** A tensor's shape and its values, row after row. */
export interface WrittenTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** The header's length is a multiple of this, so that the data is aligned. Bytes. */
const ALIGNMENT = 8;

/** The bytes of a file with these tensors, in their order. */
export function safetensorsBytes(tensors: ReadonlyMap<string, WrittenTensor>): Buffer {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  let end = 0;
  for (const [name, { shape, values }] of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [end, end + values.byteLength] };
    end += values.byteLength;
  }
  const json = Buffer.from(JSON.stringify(header));
  const padded = Buffer.alloc(Math.ceil(json.length / ALIGNMENT) * ALIGNMENT, ' ');
  json.copy(padded);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  const data = [...tensors.values()].map(({ values }) =>
    Buffer.from(values.buffer, values.byteOffset, values.byteLength),
  );
  return Buffer.concat([length, padded, ...data]);
}
