// The process that exports one recipe. It ends when the process that started it does.

import { dirname } from 'node:path';
import { UserError } from '../errors.js';
import { exportModel } from './export.js';
import { loadHashes } from './hashCache.js';
import type { Progress } from './progress.js';
import type { DeviceRequest } from './recipe.js';

export interface ExportWork {
  readonly request: DeviceRequest;
  readonly name: string;
  readonly out: string;
}

export type ExportReply =
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'done' }
  | { readonly kind: 'refused'; readonly message: string };

// process.exit runs the exit handlers, which remove the folder that is not complete yet.
for (const event of ['disconnect', 'SIGINT', 'SIGTERM']) process.on(event, () => process.exit(1));

process.once('message', async ({ request, name, out }: ExportWork) => {
  const send = (reply: ExportReply) => process.send?.(reply);
  // The process that looked for the export in the cache has hashed the same files, and kept their hashes there.
  loadHashes(dirname(out));
  try {
    await exportModel(request, out, {
      name,
      force: true,
      onProgress: progress => send({ kind: 'progress', progress }),
    });
    send({ kind: 'done' });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    send({ kind: 'refused', message: error.message });
  }
  process.disconnect();
});
