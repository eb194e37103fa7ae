// Starts `serve` in a process of its own, as a user does, and sends requests to it or to other services.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Send } from '../dist/loadtest/answer.js';
import { atEnd } from './children.ts';
import { modelsFolder, ROOT } from './models.ts';
import { cycle } from './texts.ts';

export interface Service {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export interface ServiceOptions {
  /** The cli.js of the build, this one unless it is given. */
  readonly cli?: string;
  /** Environment variables beside those of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Serves model folders under the given names. Resolves when all of them are loaded. */
export async function startService(
  folders: Record<string, string>,
  { cli = join(ROOT, 'dist/cli.js'), env = {} }: ServiceOptions = {},
): Promise<Service> {
  const models = modelsFolder(folders);
  const child = spawn(
    process.execPath,
    [cli, 'serve', '--models', models.path, '--port', '0'],
    // Without the result cache, repeated texts are computed again.
    { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, LSLLAMA_CACHE_SIZE: '0', ...env } },
  );
  const ended = once(child, 'exit');
  const cancel = atEnd(() => {
    child.kill('SIGTERM');
    models.remove();
  });
  const url = await Promise.race([
    listeningUrl(child.stderr),
    ended.then(() => Promise.reject(new Error('the service ended before it listened'))),
  ]);
  while (!(await fetch(`${url}/health/ready`)).ok) await sleep(100);
  return {
    url,
    pid: child.pid!,
    async stop() {
      child.kill('SIGTERM');
      await ended;
      models.remove();
      cancel();
    },
  };
}

/** The address in the log of a service, whose output is read to its end. */
export function listeningUrl(log: NodeJS.ReadableStream): Promise<string> {
  return new Promise(found => {
    createInterface(log).on('line', line => {
      const url = /"url":"([^"]+)"/.exec(line)?.[1];
      if (url) found(url);
    });
  });
}

/** Sends requests of one text each. `body` makes the JSON body that the service expects for a text. */
export function httpSender(
  route: string,
  texts: readonly string[],
  body: (text: string) => object = text => ({ inputs: [text] }),
): Send {
  const next = cycle(texts);
  return async () => {
    const response = await fetch(route, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body(next())),
    });
    await response.arrayBuffer();
    return { outcome: response.ok ? 'ok' : String(response.status) };
  };
}

export function routeOf({ task }: { readonly task: string }): string {
  return task === 'sequence' ? '/classify' : '/ner';
}
