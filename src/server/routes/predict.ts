// POST /classify and POST /ner: from the body of a request to the answer of a model.

import type { RequestHandler } from 'express';
import { countTokens } from '../../engine/sequence.js';
import type { Task } from '../../model/manifest.js';
import { CallerGone, DeadlinePassed } from '../../scheduler/errors.js';
import type { ApiKey } from '../access/keysFile.js';
import type { ServerContext, Timeouts } from '../context.js';
import { unprocessable } from '../problems.js';
import type { KindName } from '../requests/kinds.js';
import { selectModel } from './select.js';

/** How long a caller may take to read its answer, which is as long as it may take to send its request. Milliseconds. */
const READING_MS = 60_000;

const TASKS: Record<KindName, Task> = { classify: 'sequence', ner: 'token' };

export function predictRoute(context: ServerContext, kind: KindName): RequestHandler {
  const { store, requests, metrics, timeouts, limits } = context;
  return async ({ body }, response) => {
    // A caller that goes while its body is read closes the response before anything here could notice.
    if (response.destroyed || body === undefined) throw new CallerGone('the caller has gone');
    const arrived = performance.now();
    const abort = new AbortController();
    const request = requests.begin(kind, body);
    response.on('close', () => {
      if (!response.writableFinished) abort.abort();
      request.end();
    });
    const { signal } = abort;
    const parsed = await before(arrived + timeouts.maxTimeoutMs, signal, request.parse());
    const deadline = arrived + timeoutOf(parsed.timeoutMs, timeouts);
    const key = response.locals.key as ApiKey | undefined;
    const urgency = { deadline, signal, priority: parsed.priority ?? key?.priority };
    const model = selectModel(store, response, TASKS[kind], parsed.model);
    // Under overload most requests are refused here, which costs less than to encode them first.
    model.admit(model.tokenRatio.atLeast(parsed.size), urgency);
    const stop = metrics.tokenizeDuration.startTimer({ model: model.name });
    const sequences = await before(deadline, signal, request.encode(model));
    stop();
    const tokens = countTokens(sequences);
    model.tokenRatio.observe(parsed.size, tokens);
    await limits.chargeTokens(response, tokens);
    const rows = sequences.length > 0 ? await model.run(sequences, urgency) : [];
    const answer = await before(deadline, signal, request.answer(rows));
    metrics.countPredictions(model.name, answer);
    const { json } = answer;
    const cut = setTimeout(() => response.destroy(), READING_MS);
    response.once('close', () => clearTimeout(cut));
    response.type('json').send(Buffer.from(json.buffer, json.byteOffset, json.byteLength));
  };
}

function timeoutOf(asked: number | undefined, { timeoutMs, maxTimeoutMs }: Timeouts): number {
  if (asked !== undefined && asked > maxTimeoutMs)
    throw unprocessable('/timeout_ms', `must be at most ${maxTimeoutMs}`);
  return asked ?? timeoutMs;
}

/** Waits for a step of a request. Throws DeadlinePassed at the deadline, CallerGone when the caller closes the connection. */
async function before<T>(deadline: number, signal: AbortSignal, step: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<never>((_, reject) => {
    const stop = () => reject(new DeadlinePassed('the deadline passed before the answer was ready'));
    const leave = () => reject(new CallerGone('the caller has gone'));
    timer = setTimeout(stop, deadline - performance.now());
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
  });
  try {
    return await Promise.race([passed, step]);
  } finally {
    clearTimeout(timer);
  }
}
