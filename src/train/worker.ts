// A worker process of a training run: holds one session of its graph, on the cores that are its own.

import type { Exchange, Reply, Request } from './exchange.js';
import { TrainingSession } from './session.js';

process.title = 'lsllama-train';
// Ctrl-C and a service manager's SIGTERM reach the whole process group. This process ends when the run does.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
process.on('disconnect', () => process.exit(0));

let session: TrainingSession;

process.on('message', async (request: Request) => {
  const reply = await answer(request).then(
    (content): Reply => ({ content }),
    (error: Error): Reply => ({ error: error.message }),
  );
  // The run may have ended meanwhile. Then nobody needs the answer, so an error of sending it is ignored.
  process.send?.(reply, undefined, undefined, () => {});
});

async function answer({ kind, content }: Request): Promise<Exchange[typeof kind]['reply']> {
  switch (kind) {
    case 'load':
      session = await TrainingSession.load(content.folder, content.shape);
      return undefined;
    case 'gradients':
      return session.gradients(content.passes, content.values);
    case 'logits': {
      const logits: Float32Array[] = [];
      for (const batch of content.batches) logits.push(await session.logits(batch, content.values));
      return logits;
    }
  }
}
