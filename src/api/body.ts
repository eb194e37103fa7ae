// The body of a prediction request, as it arrived.

import { UserError } from '../errors.js';
import { parseJson } from '../json.js';
import { decodeUtf8 } from '../utf8.js';
import { Problem } from './problem.js';

export interface RequestBody {
  readonly bytes: Uint8Array;
  /** The length of the JSON, where binary tensors follow it. In bytes. */
  readonly jsonLength?: number | undefined;
}

/** Throws Problem 400 for a body that is empty or is not JSON in UTF-8. */
export function readJson({ bytes }: RequestBody): unknown {
  if (bytes.length === 0) throw new Problem(400, 'expected JSON in the body, found an empty body');
  try {
    return parseJson(decodeUtf8(bytes));
  } catch (error) {
    if (error instanceof UserError) throw new Problem(400, `the body is not valid JSON: ${error.message}`);
    throw error;
  }
}
