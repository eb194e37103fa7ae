// A service with two tiny models and everything in its metrics that a dashboard shows.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exportCheckpoint } from '../support/fixtures.js';
import { type RunningService, ready, startService } from '../support/serve.js';

/** Starts it with its models in `folder`. Their manifests have references, as `eval` writes them. */
export async function startMonitoredService(folder: string): Promise<RunningService> {
  await addReference(await exportCheckpoint('ls_llama_seq', folder), labels =>
    Object.fromEntries(labels.map(label => [label, 1 / labels.length])),
  );
  await addReference(await exportCheckpoint('ls_unllama_tok', folder), () => ({ PER: 0.5, LOC: 0.5 }));
  const service = await startService(folder, folder);
  await ready(service);
  return service;
}

async function addReference(
  folder: string,
  sharesOf: (labels: readonly string[]) => Record<string, number>,
): Promise<void> {
  const path = join(folder, 'model.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as { readonly labels: readonly string[] };
  const reference = { labels: sharesOf(manifest.labels), score: 0.9 };
  writeFileSync(path, JSON.stringify({ ...manifest, reference }));
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
