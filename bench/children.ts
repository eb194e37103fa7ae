// What a benchmark started ends with it, also where it is interrupted.

process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143));

/** Calls `end` when this process ends; returns how to leave that out. */
export function atEnd(end: () => void): () => void {
  process.once('exit', end);
  return () => process.off('exit', end);
}
