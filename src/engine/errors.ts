// The reasons why an engine does not answer a request.

/** The engine process ended, or was closed, while it held this request, or was not up. A batch may be run again. */
export class EngineCrashed extends Error {
  override readonly name = 'EngineCrashed';
  /**
   * Whether the process was up when the request was sent to it, and its heart beat. If not, the request cannot be what
   * ended it.
   */
  readonly wasUp: boolean;

  constructor(reason: string, wasUp: boolean) {
    super(reason);
    this.wasUp = wasUp;
  }
}

/** ONNX Runtime refused a model or a batch. The process goes on running. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
}
