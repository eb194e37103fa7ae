// Processes that a benchmark starts end with it, even if it is interrupted.

process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143));

/** Calls `end` when this process ends. Returns a function that cancels the call. */
export function atEnd(end: () => void): () => void {
  process.once('exit', end);
  return () => process.off('exit', end);
}
