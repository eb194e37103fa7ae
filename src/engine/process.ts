// The engine process: holds the ONNX Runtime sessions and answers requests, one after another.
// ONNX Runtime's run() blocks its thread, and a native crash ends its process, so neither happens in the HTTP process.

import { constants, setPriority } from 'node:os';
import { Worker } from 'node:worker_threads';
import { endWithParent } from './computing.js';
import { probeRuntime } from './probe.js';
import type { Exchange, Kind, Reply, Request, RunReply } from './protocol.js';
import { Session } from './session.js';

process.title = 'lsllama-engine';
// The engines keep all cores busy. The HTTP process has to get a core at once nevertheless, or requests wait unseen
// while it is not running, and refusals under overload take seconds. The threads that compute start later and inherit
// the priority.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
endWithParent();
new Worker(new URL('./heartbeatThread.js', import.meta.url), {
  resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 },
}).unref();

const sessions = new Map<string, Session>();

const handlers: {
  [K in Kind]: (content: Exchange[K]['request']) => Promise<Exchange[K]['reply']>;
} = {
  async load({ model, folder, options }) {
    const session = await Session.load(folder, options);
    sessions.set(model, session);
    return { takesChunks: session.takesChunks };
  },
  async unload({ model }) {
    const session = sessions.get(model);
    sessions.delete(model);
    await session?.release();
  },
  run: ({ model, sequences }) => timed(() => sessionOf(model).run(sequences)),
  runChunk: ({ model, sequence, chunk }) =>
    timed(async () => [await sessionOf(model).runChunk(sequence, chunk)]),
  async forget({ model }) {
    sessions.get(model)?.forget();
  },
  async pack({ folder, into }) {
    await Session.pack(folder, into);
  },
  probe: () => probeRuntime(),
};

function sessionOf(model: string): Session {
  const session = sessions.get(model);
  if (!session) throw new Error(`model ${model} is not loaded`);
  return session;
}

/** Runs a forward pass, and takes its time. */
async function timed(pass: () => Promise<Float32Array[]>): Promise<RunReply> {
  const started = performance.now();
  const logits = await pass();
  return { logits, seconds: (performance.now() - started) / 1000 };
}

/** Resolves when the last request that arrived has been answered. Each waits for it, so a pass is timed alone. */
let turn = Promise.resolve();

process.on('message', (request: Request) => {
  const { id } = request;
  turn = turn
    .then(() => answer(request))
    .then(
      (content): Reply => ({ id, content }),
      (error: unknown): Reply => ({ id, error: error instanceof Error ? error.message : String(error) }),
    )
    // The parent may have ended meanwhile. Then nobody needs the answer, so an error of sending it is ignored.
    .then(reply => void process.send?.(reply, undefined, undefined, () => {}));
});

function answer<K extends Kind>({ kind, content }: Request<K>): Promise<Exchange[K]['reply']> {
  return handlers[kind](content);
}
