// Why a request was not run.

/** The queue has no room; try again later. */
export class QueueFull extends Error {
  override readonly name = 'QueueFull';
}

/** The request's deadline passed before its result was there. */
export class DeadlinePassed extends Error {
  override readonly name = 'DeadlinePassed';
}

/** The service is shutting down and takes nothing new. */
export class Draining extends Error {
  override readonly name = 'Draining';
}
