// ONNX Runtime is in the engine processes alone: neither the HTTP process, with its encoder thread, nor doctor maps it.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { exportCheckpoint, ROOT, temporaryFolder } from '../support/fixtures.js';
import { post } from '../support/http.js';
import { enginePids } from '../support/processes.js';
import { ready, startService, stop } from '../support/service.js';

const RUNTIME = /libonnxruntime|onnxruntime_binding/;

const models = temporaryFolder();
const work = temporaryFolder();
await exportCheckpoint('ls_llama_seq', models);

/** Shared objects and other files in the memory of a process, as the system lists them. */
const mapsOf = (pid: number) => readFileSync(`/proc/${pid}/maps`, 'utf8');

it('the HTTP process does not map it, the engine processes do', async () => {
  const service = await startService(models, work);
  await ready(service);
  const threads = () => readdirSync(`/proc/${service.process.pid}/task`).length;
  const before = threads();
  // The second text is too long for the main thread, so that the worker thread starts.
  for (const inputs of ['the market fell', 'the market fell '.repeat(4000)]) {
    expect((await post(`${service.url}/classify`, { inputs })).status).toBe(200);
  }
  expect(threads()).toBeGreaterThan(before);
  expect(mapsOf(service.process.pid!)).not.toMatch(RUNTIME);
  const engines = enginePids(service.process.pid);
  expect(engines.length).toBeGreaterThan(0);
  for (const engine of engines) expect(mapsOf(engine)).toMatch(RUNTIME);
  await stop(service);
});

it('doctor does not map it, its engine processes do', () => {
  const written = `${work}/maps`;
  mkdirSync(written);
  // Every Node process of the command writes its maps into a file when it exits.
  const hook = `${work}/hook.mjs`;
  writeFileSync(
    hook,
    `import { readFileSync, writeFileSync } from 'node:fs';
     process.on('exit', () => writeFileSync('${written}/' + process.pid, readFileSync('/proc/self/maps')));`,
  );
  const args = [`${ROOT}/dist/cli.js`, 'doctor', '--models', models, '--cache', work];
  const env = { ...process.env, NODE_OPTIONS: `--import ${hook}` };
  const { status, pid } = spawnSync(process.execPath, args, { env });
  expect(status).toBe(0);
  const mapped = readdirSync(written).filter(name =>
    RUNTIME.test(readFileSync(`${written}/${name}`, 'utf8')),
  );
  expect(readdirSync(written)).toContain(String(pid));
  expect(mapped).not.toContain(String(pid));
  expect(mapped.length).toBeGreaterThan(0);
});
