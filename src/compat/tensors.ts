// The binary tensor extension of the Open Inference Protocol: JSON, then the raw tensors one after another.
// https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md

import { type RequestBody, readJson } from '../api/body.js';
import { Problem } from '../api/problem.js';
import { UserError } from '../errors.js';
import { decodeUtf8 } from '../utf8.js';

/** Before the bytes of an element of a BYTES tensor stands their number, a little-endian uint32. */
const LENGTH_BYTES = 4;

/**
 * The JSON of a request, in which the binary tensors of its inputs have become lists of texts, as if they had been sent in
 * JSON. Throws Problem 400 if the lengths do not add up, or a text is not UTF-8.
 */
export function readTensors({ bytes, jsonLength }: RequestBody): unknown {
  if (jsonLength === undefined) return readJson({ bytes });
  if (jsonLength > bytes.length) {
    throw new Problem(
      400,
      `inference-header-content-length: expected at most the ${bytes.length} bytes of the body, found ${jsonLength}`,
    );
  }
  const json = readJson({ bytes: bytes.subarray(0, jsonLength) });
  let start = jsonLength;
  for (const input of inputsOf(json)) {
    const size = binarySize(input);
    if (size === undefined) continue;
    const end = start + size;
    if (end > bytes.length)
      throw new Problem(400, `expected ${size} bytes of a tensor, found ${bytes.length - start}`);
    input.data = textsOf(bytes.subarray(start, end));
    start = end;
  }
  if (start === bytes.length) return json;
  throw new Problem(400, `expected a body of ${start} bytes, found ${bytes.length}`);
}

/** The inputs that are objects. What is wrong with others is found when the JSON is checked. */
function inputsOf(json: unknown): Record<string, unknown>[] {
  const inputs = (json as { inputs?: unknown } | null)?.inputs;
  return Array.isArray(inputs) ? inputs.filter(input => typeof input === 'object' && input !== null) : [];
}

function binarySize({ parameters }: Record<string, unknown>): number | undefined {
  const size = (parameters as { binary_data_size?: unknown } | null | undefined)?.binary_data_size;
  if (size === undefined) return undefined;
  if (Number.isSafeInteger(size) && (size as number) >= 0) return size as number;
  throw new Problem(400, 'binary_data_size: expected a number of bytes');
}

function textsOf(tensor: Uint8Array): string[] {
  const view = new DataView(tensor.buffer, tensor.byteOffset, tensor.byteLength);
  const texts: string[] = [];
  let start = 0;
  while (start < tensor.length) {
    const from = start + LENGTH_BYTES;
    const length = from <= tensor.length ? view.getUint32(start, true) : Number.POSITIVE_INFINITY;
    if (from + length > tensor.length)
      throw new Problem(400, `element ${texts.length} of a BYTES tensor is longer than the tensor`);
    texts.push(decodeText(tensor.subarray(from, from + length), texts.length));
    start = from + length;
  }
  return texts;
}

function decodeText(bytes: Uint8Array, element: number): string {
  try {
    return decodeUtf8(bytes);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new Problem(400, `element ${element} of a BYTES tensor: ${error.message}`);
  }
}

/** The bytes of a BYTES tensor. */
export function bytesTensor(texts: readonly string[]): Buffer {
  return Buffer.concat(
    texts.flatMap(text => {
      const bytes = Buffer.from(text);
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeUInt32LE(bytes.length);
      return [length, bytes];
    }),
  );
}

/** The bytes of an FP32 tensor: little-endian. */
export function floatTensor(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => {
    bytes.writeFloatLE(value, 4 * index);
  });
  return bytes;
}
