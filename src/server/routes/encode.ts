// Encodes the texts of a request, for every route that takes texts.

import type { Encoded, EncodeTask } from '../../predictor/encodeTask.js';
import type { LoadedModel, Urgency } from '../../predictor/model.js';
import type { ServerContext } from '../context.js';
import { unprocessable } from '../problems.js';

/**
 * Encodes the texts of a task, and observes how long that takes. `pathOf` gives the JSON pointer of a text in the
 * request body. Throws Problem 422 for a text that the model cannot use, and the errors of Encoder.encode.
 */
export async function encodeTexts<T extends EncodeTask>(
  { encoder, metrics }: ServerContext,
  model: LoadedModel,
  task: T,
  pathOf: (index: number) => string,
  urgency: Urgency,
): Promise<Encoded<T>> {
  const stop = metrics.tokenizeDuration.startTimer();
  const encoded = await encoder.encode(model, task, urgency);
  if ('unusable' in encoded) throw unprocessable(pathOf(encoded.index), encoded.unusable);
  stop();
  return encoded;
}
