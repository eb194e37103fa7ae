// serve --config: a service of models that are listed in a file, each in a folder of its own.

import { renameSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { exportCheckpoint, temporaryFolder } from '../support/fixtures.js';
import { post } from '../support/http.js';
import { ready, startServe } from '../support/service.js';

const folder = temporaryFolder();

it('serves the models under the names in the file, and watches their folders', async () => {
  await exportCheckpoint('ls_llama_seq', folder);
  await exportCheckpoint('ls_unllama_tok', `${folder}/other`);
  const file = `${folder}/service.yaml`;
  writeFileSync(file, 'watch: true\nmodels:\n  topics: ls_llama_seq\n  names: other/ls_unllama_tok\n');
  const service = await startServe('--config', file);
  await ready(service);
  expect((await post(`${service.url}/classify`, { inputs: 'a' })).body.model).toBe('topics');
  expect((await post(`${service.url}/ner`, { inputs: 'a' })).body.model).toBe('names');

  renameSync(`${folder}/other`, `${folder}/away`);
  // A folder that is listed and not there is more likely a disk that is not mounted: what serves goes on.
  const error = async () => {
    const answer = await fetch(`${service.url}/models/names`);
    return ((await answer.json()) as { reload_error?: string }).reload_error;
  };
  while ((await error()) === undefined) await sleep(100);
  expect((await post(`${service.url}/ner`, { inputs: 'a' })).status).toBe(200);
  renameSync(`${folder}/away`, `${folder}/other`);
  while ((await error()) !== undefined) await sleep(100);
});
