// A worker process of a training run: holds one session of its graph, on the cores that are its own.

import { endWithParent } from '../engine/computing.js';
import { ArrayFile } from './arrayFile.js';
import type { Exchange, Reply, Request } from './exchange.js';
import { sizeOf } from './parameters.js';
import { TrainingSession } from './session.js';

process.title = 'lsllama-train';
endWithParent();

let session: TrainingSession;
let values: ArrayFile;
let gradients: ArrayFile;

process.on('message', async (request: Request) => {
  const reply = await answer(request).then(
    (content): Reply => ({ content }),
    (error: NodeJS.ErrnoException): Reply => ({ error: error.message, code: error.code }),
  );
  // The run may have ended meanwhile. Then nobody needs the answer, so an error of sending it is ignored.
  process.send?.(reply, undefined, undefined, () => {});
});

async function answer({ kind, content }: Request): Promise<Exchange[typeof kind]['reply']> {
  switch (kind) {
    case 'load': {
      const { folder, shape, files } = content;
      session = await TrainingSession.load(folder, shape);
      values = new ArrayFile(files.values, sizeOf(shape.layout), 'r+');
      gradients = new ArrayFile(files.gradients, sizeOf(shape.layout), 'r+');
      return undefined;
    }
    case 'gradients': {
      const { loss, values: sums } = await session.gradients(content.passes, values.read());
      gradients.write(sums);
      return loss;
    }
    case 'logits':
      return session.logits(content.sequences, values.read());
  }
}
