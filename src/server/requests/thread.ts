// The worker thread for requests with large bodies. Several may be in work at once, each in slices.

import { parentPort } from 'node:worker_threads';
import { Problem } from '../../api/problem.js';
import { stampOf } from '../../model/stamp.js';
import type { TextModel } from '../../predictor/model.js';
import { inSlices, type Sliced } from '../../slices.js';
import { Tokenizer } from '../../text/tokenizer.js';
import {
  type FromWorker,
  type ModelFiles,
  problemMessage,
  type StepResults,
  type ToWorker,
} from './messages.js';
import { packSequences, transfersOf, unpack } from './pack.js';
import { PredictionRequest } from './request.js';

const port = parentPort!;
/** The requests that have begun and not ended, by their ids. */
const requests = new Map<number, PredictionRequest>();
/** The tokenizer of one version of each model, by the model's name. */
const tokenizers = new Map<string, { readonly stamp: string; readonly tokenizer: Tokenizer }>();

/** Nobody waits for the request any more, so no answer is sent. */
class Ended extends Error {}

port.on('message', async (message: ToWorker) => {
  const { id } = message;
  if (message.step === 'end') {
    requests.delete(id);
    port.postMessage({ id, hasEnded: true } satisfies FromWorker);
    return;
  }
  try {
    const { result, transfers } = await done(message);
    port.postMessage({ id, result } satisfies FromWorker, transfers);
  } catch (error) {
    if (error instanceof Ended) return;
    port.postMessage({ id, ...(error instanceof Problem ? problemMessage(error) : { error }) } as FromWorker);
  }
});

async function done(
  message: Exclude<ToWorker, { step: 'end' }>,
): Promise<{ result: StepResults[keyof StepResults]; transfers: ArrayBuffer[] }> {
  const { id, step, content } = message;
  const check = () => {
    if (!requests.has(id)) throw new Ended();
  };
  const work = <T>(slices: Sliced<T>) => inSlices(slices, check);
  if (step === 'parse') {
    const request = new PredictionRequest(content.kind);
    requests.set(id, request);
    return { result: request.parse(content.body), transfers: [] };
  }
  check();
  const request = requests.get(id)!;
  if (step === 'encode') {
    const model = modelOf(content);
    if (!model) return { result: 'changed', transfers: [] };
    const sequences = await work(request.encode({ name: content.name, ...model }));
    const packed = await work(packSequences(sequences));
    return { result: packed, transfers: transfersOf(packed.ids, packed.headPositions) };
  }
  const answer = await work(request.answer(await work(unpack(content))));
  return { result: answer, transfers: [answer.content.buffer as ArrayBuffer] };
}

/** Undefined where the folder's files are no longer those that the model was loaded from. */
function modelOf({ name, folder, stamp, manifest }: ModelFiles): TextModel | undefined {
  const known = tokenizers.get(name);
  if (known?.stamp === stamp) return { manifest, tokenizer: known.tokenizer };
  if (stampOf(folder) !== stamp) return undefined;
  const tokenizer = Tokenizer.load(folder);
  if (stampOf(folder) !== stamp) return undefined;
  tokenizers.set(name, { stamp, tokenizer });
  return { manifest, tokenizer };
}
