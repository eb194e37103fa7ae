// Writes safetensors files of random weights, as fast as the disk takes them, in little memory.
// Format: https://huggingface.co/docs/safetensors (u64 header length, JSON header, raw little-endian data).

import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';

export interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** Bits of every element, if all are the same. Without it the elements are random. */
  readonly fill?: number;
}

/** Standard deviation of the weights that LLaMA's training starts from (`initializer_range`). */
export const DEVIATION = 0.02;

/** A block of random numbers. Its length is a prime, so that rows of a tensor start at different places in it. */
const float32 = Float32Array.from({ length: 4_194_301 }, randomNormal);
/** The same numbers as bfloat16, which is the upper half of a float32. */
const bfloat16 = Uint16Array.from(new Uint32Array(float32.buffer), bits => bits >>> 16);

const DTYPES = { BF16: bfloat16, F32: float32 };

/** Writes tensors of one dtype to the file `path`. */
export function writeRandomSafetensors(
  path: string,
  dtype: keyof typeof DTYPES,
  tensors: readonly Tensor[],
): void {
  const random = DTYPES[dtype];
  const width = random.BYTES_PER_ELEMENT;
  const file = openSync(path, 'w');
  writeFileSync(file, headerBytes(dtype, width, tensors));
  const block = new Uint8Array(random.buffer);
  let offset = 0;
  for (const tensor of tensors) {
    if (tensor.fill !== undefined) {
      writeFileSync(file, random.slice(0, elementCount(tensor)).fill(tensor.fill));
      continue;
    }
    for (let left = width * elementCount(tensor); left > 0; ) {
      const written = writeSync(file, block, offset, Math.min(left, block.length - offset));
      offset = (offset + written) % block.length;
      left -= written;
    }
  }
  closeSync(file);
}

export function elementCount({ shape }: Tensor): number {
  return shape.reduce((product, size) => product * size, 1);
}

function headerBytes(dtype: string, width: number, tensors: readonly Tensor[]): Buffer {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  let end = 0;
  for (const tensor of tensors) {
    const start = end;
    end += width * elementCount(tensor);
    header[tensor.name] = { dtype, shape: tensor.shape, data_offsets: [start, end] };
  }
  const text = JSON.stringify(header);
  // Spaces pad the header, so that the data starts at a multiple of 8 bytes.
  const padded = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return Buffer.concat([length, padded]);
}

/** The Box–Muller transform of two uniform random numbers. */
function randomNormal(): number {
  return DEVIATION * Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}
