// A service with two tiny models and everything in its metrics that a dashboard shows.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exportModel } from '../../dist/model/export.js';
import { readJson, requestOf } from '../support/fixtures.js';
import { type RunningService, ready, startService } from '../support/serve.js';

/** Names, checkpoints, and the shares of labels on the data with which they might have been evaluated. */
const MODELS = [
  ['topics', 'ls_llama_seq', { World: 0.25, Sports: 0.25, Business: 0.25, 'Sci/Tech': 0.25 }],
  ['names', 'ls_unllama_tok', { PER: 0.3, ORG: 0.3, LOC: 0.3, MISC: 0.1 }],
] as const;

/** Starts it with its models in `folder`. Their manifests have references, as `eval` writes them. */
export async function startMonitoredService(folder: string): Promise<RunningService> {
  for (const [name, checkpoint, labels] of MODELS) {
    await exportModel(requestOf(checkpoint), join(folder, name));
    addReference(join(folder, name, 'model.json'), labels);
  }
  const service = await startService(folder, folder);
  await ready(service);
  return service;
}

function addReference(path: string, labels: Readonly<Record<string, number>>): void {
  writeFileSync(path, JSON.stringify({ ...(readJson(path) as object), reference: { labels, score: 0.9 } }));
}

/**
 * Sends one request of each kind: to both routes, a text that was asked before, one that is past its deadline, one that is
 * not JSON, and one that needs a model that is not there.
 */
export async function askOfEachKind({ url }: RunningService, round: number): Promise<void> {
  const post = (path: string, body: string) =>
    fetch(`${url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body }).then(
      answer => answer.arrayBuffer(),
    );
  const late = Array.from({ length: 500 }, (_, i) => `market ${i} of round ${round} `.repeat(12));
  await Promise.all([
    post('/classify', JSON.stringify({ inputs: [`the market fell by ${round} points`, 'a goal'] })),
    post('/ner', JSON.stringify({ inputs: `Peter Blackburn visited Germany ${round} times.` })),
    post('/classify', JSON.stringify({ inputs: late, timeout_ms: 1 })),
    post('/classify', '{'),
    post('/classify', JSON.stringify({ inputs: 'a goal', model: 'none' })),
  ]);
}
