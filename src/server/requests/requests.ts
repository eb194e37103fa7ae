// Does the steps of requests: those of small bodies in the HTTP thread, in slices, and the others in a worker thread.

import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { Answer } from '../../api/answer.js';
import type { RequestBody } from '../../api/body.js';
import type { RequestModel } from '../../api/requestKind.js';
import type { Sequence } from '../../engine/sequence.js';
import { inSlices } from '../../slices.js';
import type { KindName } from './kinds.js';
import { BodyMemory } from './memory.js';
import { floats, pack, transfersOf, unpackSequences } from './pack.js';
import { type ParsedRequest, PredictionRequest } from './request.js';
import { RequestEnded, RequestWorker } from './worker.js';

/** Larger bodies go to the worker thread. In bytes; a core parses and encodes this many in some 10 ms. */
export const INLINE_BYTES = 32 * 1024;
/** The bodies of all requests that have begun and not ended. In bytes. */
const MAX_BYTES = 256 * 2 ** 20;
/** The answers that are made and not sent completely. One of a few megabytes of short words has some 100 MB. In bytes. */
const MAX_ANSWER_BYTES = 2 ** 30;
/** Memory of the worker thread: some requests of the largest size at once. MiB. */
const MAX_HEAP = 2048;
/** Steps that the worker thread does at once. A small one is done between the slices of a large one. */
const AT_ONCE = 4;

/** A model, with the folder from which the worker thread loads it, and the folder's stamp when the model was loaded. */
export type LocatedModel = RequestModel & { readonly folder: string; readonly stamp: string };

/**
 * The steps of a request, to be done once each, in this order. A step that was done at once returns its result, and no
 * promise. They throw Problem for a request that is refused, and `answer` also while the answers to others fill the
 * memory for them.
 */
export interface RequestSteps {
  parse(): ParsedRequest | Promise<ParsedRequest>;
  encode(model: LocatedModel): readonly Sequence[] | Promise<readonly Sequence[]>;
  answer(rows: readonly Float32Array[]): Answer | Promise<Answer>;
  /** Frees what the request holds, and gives up the step that is in work: it throws RequestEnded. */
  end(): void;
}

export class Requests {
  readonly #onError: (error: Error) => void;
  readonly #maxHeap: number;
  readonly #turn = pLimit(AT_ONCE);
  #worker: RequestWorker | undefined;
  #lastId = 0;
  readonly #memory = new BodyMemory(MAX_BYTES, INLINE_BYTES);
  readonly #answerMemory: BodyMemory;
  #open = 0;

  /** `onError` is called if the worker thread ends by itself. The next large body starts another one. */
  constructor(onError: (error: Error) => void, maxHeap = MAX_HEAP, maxAnswerBytes = MAX_ANSWER_BYTES) {
    this.#answerMemory = new BodyMemory(maxAnswerBytes, INLINE_BYTES);
    this.#onError = onError;
    this.#maxHeap = maxHeap;
  }

  /** Takes the body of a request. Throws Problem 503 for a large one while others fill the memory for them. */
  begin(kind: KindName, body: RequestBody): RequestSteps {
    const { length } = body.bytes;
    // If no thread can be started, nothing has been set aside yet.
    const steps = length <= INLINE_BYTES ? inlineSteps(kind, body) : this.#workerSteps(kind, body);
    const release = this.#memory.reserve(length);
    this.#open++;
    let hasEnded = false;
    let releaseAnswer = () => {};
    const hold = (answer: Answer): Answer => {
      if (hasEnded) throw new RequestEnded();
      releaseAnswer = this.#answerMemory.reserve(answer.content.length);
      return answer;
    };
    return {
      ...steps,
      answer: rows => {
        const answer = steps.answer(rows);
        return answer instanceof Promise ? answer.then(hold) : hold(answer);
      },
      end: () => {
        if (hasEnded) return;
        hasEnded = true;
        this.#open--;
        release();
        releaseAnswer();
        steps.end();
      },
    };
  }

  /** Resolves when every request that has begun has ended. */
  async drain(): Promise<void> {
    while (this.#open > 0) await sleep(20);
  }

  async close(): Promise<void> {
    await this.#worker?.close();
  }

  #workerSteps(kind: KindName, body: RequestBody): RequestSteps {
    if (!this.#worker || this.#worker.hasEnded)
      this.#worker = new RequestWorker(this.#maxHeap, this.#onError);
    const worker = this.#worker;
    const id = ++this.#lastId;
    let hasEnded = false;
    /** The steps in this thread, where the worker thread cannot load the model any more, which was replaced meanwhile. */
    let inline: RequestSteps | undefined;
    const inTurn = <T>(step: () => Promise<T>): Promise<T> =>
      this.#turn(() => (hasEnded ? Promise.reject(new RequestEnded()) : step()));
    return {
      parse: () =>
        inTurn(() => {
          // The body may be a part of memory that other requests use as well.
          const bytes = new Uint8Array(body.bytes);
          return worker.ask(id, 'parse', { kind, body: { ...body, bytes } }, [bytes.buffer]);
        }),
      async encode(model) {
        const { name, folder, stamp, manifest } = model;
        const packed = await inTurn(() => worker.ask(id, 'encode', { name, folder, stamp, manifest }));
        if (packed !== 'changed') return inSlices(unpackSequences(packed));
        inline = inlineSteps(kind, body);
        await inline.parse();
        return inline.encode(model);
      },
      async answer(rows) {
        if (inline) return inline.answer(rows);
        const packed = await inSlices(pack(rows, floats));
        return inTurn(() => worker.ask(id, 'answer', packed, transfersOf(packed)));
      },
      end() {
        hasEnded = true;
        inline?.end();
        worker.end(id);
      },
    };
  }
}

function inlineSteps(kind: KindName, body: RequestBody): RequestSteps {
  const request = new PredictionRequest(kind);
  let hasEnded = false;
  const check = () => {
    if (hasEnded) throw new RequestEnded();
  };
  return {
    parse: () => request.parse(body),
    encode: model => inSlices(request.encode(model), check),
    answer: rows => inSlices(request.answer(rows), check),
    end() {
      hasEnded = true;
    },
  };
}
