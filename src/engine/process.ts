// The engine process: holds ONNX Runtime sessions, and answers one request after another.
// ONNX Runtime's run() blocks its thread and a native crash ends its process: neither may touch the HTTP process.

import type { Reply, Request } from './protocol.js';
import { Session } from './session.js';

process.title = 'lsllama-engine';
// Ctrl-C and a service manager's SIGTERM reach the whole group; the parent decides when the work is done.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
process.on('disconnect', () => process.exit(0));

const sessions = new Map<string, Session>();

/** One at a time, in order of arrival: what waits here is not yet being timed. */
let turn = Promise.resolve();

process.on('message', (request: Request) => {
  turn = turn
    .then(() => answer(request))
    .catch((error: unknown) => ({
      id: request.id,
      error: error instanceof Error ? error.message : String(error),
    }))
    .then(reply => void process.send?.(reply));
});

async function answer(request: Request): Promise<Reply> {
  const started = performance.now();
  let logits: Float32Array[] = [];
  if (request.kind === 'load') {
    sessions.set(request.model, await Session.load(request.folder, request.options));
  } else {
    const session = sessions.get(request.model);
    if (!session) throw new Error(`model ${request.model} is not loaded`);
    logits = await session.run(request.sequences);
  }
  return { id: request.id, logits, seconds: (performance.now() - started) / 1000 };
}
