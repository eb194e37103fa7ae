// The reasons why the scheduler does not run a request.

import { Refusal } from '../errors.js';

/** The queue has no room for the request, which may be tried again later. */
export class QueueFull extends Refusal {
  override readonly name = 'QueueFull';
  /** Seconds until the queue should have room for it. */
  readonly retryAfter: number;

  constructor(message: string, retryAfter: number) {
    super(message);
    this.retryAfter = retryAfter;
  }
}

/** The request's deadline passed before its result was ready, or is too near for the request to be done in time. */
export class DeadlinePassed extends Refusal {
  override readonly name = 'DeadlinePassed';
}

/** The caller has closed the connection, so nobody waits for the result any more. */
export class CallerGone extends Refusal {
  override readonly name = 'CallerGone';
}

/** No engine can load the model at present. It is tried again. */
export class EngineDown extends Refusal {
  override readonly name = 'EngineDown';
  readonly retryAfterSeconds: number;

  constructor(milliseconds: number) {
    super('no engine could load the model again yet');
    this.retryAfterSeconds = Math.max(1, Math.ceil(milliseconds / 1000));
  }
}

/** The engine process ended every time that it ran one of the request's sequences alone. */
export class FatalSequence extends Error {
  override readonly name = 'FatalSequence';
}
