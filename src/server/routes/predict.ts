// The routes that ask a model: from the body of a request to the answer.

import type { Request, RequestHandler } from 'express';
import { Problem, unprocessable } from '../../api/problem.js';
import { countTokens } from '../../engine/sequence.js';
import type { Task } from '../../model/manifest.js';
import type { ModelStore } from '../../predictor/store.js';
import { quoted } from '../../quoted.js';
import { CallerGone, DeadlinePassed } from '../../scheduler/errors.js';
import type { Timing } from '../../scheduler/job.js';
import type { ApiKey } from '../access/keysFile.js';
import type { ServerContext, Timeouts } from '../context.js';
import type { KindName } from '../requests/kinds.js';
import { type Durations, type Timing as StepTiming, serverTiming } from '../serverTiming.js';
import { modelOfPath, type PathParams, selectModel } from './select.js';

/** How long a caller may take to read its answer, which is as long as it may take to send its request. Milliseconds. */
const READING_MS = 60_000;

/** What the path and the headers of a request say about it. */
export interface Target {
  readonly kind: KindName;
  /** Undefined where a model of any task can answer. */
  readonly task?: Task;
  /** The name of the model, where the path has it and not the body. */
  readonly model?: string;
  /** The length of the JSON before binary tensors, in bytes. */
  readonly jsonLength?: number | undefined;
}

/** Throws the errors of `targetOf` before the body is looked at. */
export function predictRoute(
  context: ServerContext,
  targetOf: (request: Request<PathParams>) => Target,
): RequestHandler<PathParams> {
  const { store, requests, metrics, timeouts, limits } = context;
  return async (incoming, response) => {
    const { body } = incoming;
    if (response.destroyed || body === undefined) {
      if (incoming.is('*') === null) throw new Problem(400, 'expected JSON in the body, found an empty body');
      // A caller that goes while its body is read closes the response before anything here could notice.
      throw new CallerGone('the caller has gone');
    }
    const arrived = performance.now();
    const { kind, task, model: name, jsonLength } = targetOf(incoming);
    const abort = new AbortController();
    const request = requests.begin(kind, { bytes: body, jsonLength });
    response.on('close', () => {
      if (!response.writableFinished) abort.abort();
      request.end();
    });
    const { signal } = abort;
    const parsed = await before(arrived + timeouts.maxTimeoutMs, signal, request.parse());
    response.locals.errorShape ??= parsed.errorShape;
    const deadline = arrived + timeoutOf(parsed.timeoutMs, timeouts);
    const key = response.locals.key as ApiKey | undefined;
    const durations: Durations = {};
    response.locals.timing = { arrived, durations } satisfies StepTiming;
    const onTiming = ({ queueMs, inferenceMs }: Timing) => {
      durations.queue = queueMs;
      durations.inference = inferenceMs;
    };
    const urgency = { deadline, signal, priority: parsed.priority ?? key?.priority, onTiming };
    const model = selectModel(store, response, task, name ?? parsed.model);
    // Under overload most requests are refused here, which costs less than to encode them first.
    model.admit(model.tokenRatio.atLeast(parsed.size), urgency);
    const stop = metrics.tokenizeDuration.startTimer({ model: model.name });
    const sequences = await before(deadline, signal, request.encode(model));
    stop();
    durations.encode = performance.now() - arrived;
    const tokens = countTokens(sequences);
    if (tokens > 0) model.tokenRatio.observe(parsed.size, tokens);
    await limits.chargeTokens(response, tokens);
    const rows = sequences.length > 0 ? await model.run(sequences, urgency) : [];
    const answer = await before(deadline, signal, request.answer(rows));
    metrics.countPredictions(model.name, answer);
    durations.total = performance.now() - arrived;
    const cut = setTimeout(() => response.destroy(), READING_MS);
    response.once('close', () => clearTimeout(cut));
    const { content, headers } = answer;
    const timing = { 'server-timing': serverTiming(durations), 'content-length': content.length };
    response.writeHead(200, { ...headers, ...timing }).end(content);
  };
}

/** The target of a path that names the model, whose task decides the kind. Throws the errors of modelOfPath. */
export function targetOfPath(
  store: ModelStore,
  kinds: Readonly<Record<Task, KindName>>,
): (request: Request<PathParams>) => Target {
  return request => {
    const { name, manifest } = modelOfPath(store, request.params);
    return {
      kind: kinds[manifest.task],
      task: manifest.task,
      model: name,
      jsonLength: jsonLengthOf(request),
    };
  };
}

/** The length of the JSON before binary tensors, as the Open Inference Protocol tells it. */
function jsonLengthOf(request: Request<PathParams>): number | undefined {
  const given = request.get('inference-header-content-length');
  if (given === undefined) return undefined;
  if (/^\d{1,9}$/.test(given)) return Number(given);
  throw new Problem(
    400,
    `inference-header-content-length: expected a number of bytes, found ${quoted(given)}`,
  );
}

function timeoutOf(asked: number | undefined, { timeoutMs, maxTimeoutMs }: Timeouts): number {
  if (asked !== undefined && asked > maxTimeoutMs)
    throw unprocessable('/timeout_ms', `must be at most ${maxTimeoutMs}`);
  return asked ?? timeoutMs;
}

/**
 * Waits for a step of a request, if it is not done yet. Throws DeadlinePassed at the deadline, CallerGone when the caller
 * closes the connection.
 */
async function before<T>(deadline: number, signal: AbortSignal, step: T | Promise<T>): Promise<T> {
  if (!(step instanceof Promise)) return step;
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
