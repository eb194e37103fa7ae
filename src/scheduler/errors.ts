// The reasons why the scheduler does not run a request.

/** The queue has no room for the request, which may be tried again later. */
export class QueueFull extends Error {
  override readonly name = 'QueueFull';
}

/** The request's deadline passed before its result was ready. */
export class DeadlinePassed extends Error {
  override readonly name = 'DeadlinePassed';
}

/** No engine can load the model at present. It is tried again. */
export class EngineDown extends Error {
  override readonly name = 'EngineDown';
  readonly retryAfterSeconds: number;

  constructor(model: string, milliseconds: number) {
    super(`no engine could load the model ${model} again yet`);
    this.retryAfterSeconds = Math.max(1, Math.ceil(milliseconds / 1000));
  }
}

/** The service is shutting down and takes no new requests. */
export class Draining extends Error {
  override readonly name = 'Draining';
}
