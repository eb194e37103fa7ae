// Clients of other services from PyPI, unchanged but for the address. They need Python with pip and a package index; where
// there is none, these tests are skipped.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { exportCheckpoint, goldensOf, ROOT, temporaryFolder } from '../support/fixtures.js';
import { post } from '../support/http.js';
import { ready, startService } from '../support/service.js';

const CLASSIFIER = 'ls_llama_seq';
const TAGGER = 'ls_unllama_tok';
const CLIENTS = join(ROOT, 'test/clients');

const environment = temporaryFolder();
const python = join(environment, 'bin/python');

function run(
  program: string,
  ...args: string[]
): { readonly status: number | null; readonly stdout: string } {
  return spawnSync(program, args, { encoding: 'utf8', timeout: 300_000 });
}

const isInstalled =
  run('python3', '-m', 'venv', environment).status === 0 &&
  run(python, '-m', 'pip', 'install', '--quiet', '-r', join(CLIENTS, 'requirements.txt')).status === 0;

interface Inferred {
  readonly id: string;
  readonly labels: readonly string[];
  readonly probabilities: readonly (readonly number[])[];
  readonly logits: readonly (readonly number[])[];
  readonly classes: readonly (readonly string[])[];
  readonly entities: readonly object[];
}

describe.skipIf(!isInstalled)('clients from PyPI', () => {
  const text = goldensOf(CLASSIFIER)[0]!.text as string;
  const models = temporaryFolder();
  // biome-ignore lint/suspicious/noExplicitAny: what each client returned
  let answers: any;
  let classified: { label: string; probabilities: Record<string, number>; logits: number[] };
  let entities: object[];

  beforeAll(async () => {
    await exportCheckpoint(CLASSIFIER, models);
    await exportCheckpoint(TAGGER, models);
    const service = await startService(models, models);
    await ready(service);
    const { stdout } = run(python, join(CLIENTS, 'clients.py'), service.url, CLASSIFIER, TAGGER, text);
    answers = JSON.parse(stdout);
    [classified] = (await post(`${service.url}/classify`, { inputs: text, raw_scores: true })).body.results;
    [{ entities }] = (await post(`${service.url}/ner`, { inputs: text })).body.results;
  });

  it('huggingface_hub.InferenceClient', () => {
    const { labels, top, entities: groups, tokens, error } = answers.huggingface_hub;
    const ours = Object.entries(classified.probabilities).sort(([, a], [, b]) => b - a);
    expect(labels.map(([label]: [string]) => label)).toEqual(ours.map(([label]) => label));
    for (const [i, [, score]] of labels.entries()) expect(score).toBeCloseTo(ours[i]![1], 6);
    expect(top).toEqual([classified.label]);
    expect(groups.length).toBeGreaterThan(0);
    for (const { word, start, end } of groups) expect(word.trim()).toBe(text.slice(start, end).trim());
    expect(tokens.length).toBeGreaterThanOrEqual(groups.length);
    for (const { entity } of tokens) expect(entity).toMatch(/^[BI]-/);
    expect(error).toContain('no model');
  });

  it.each(['binary', 'json', 'gzip', 'deflate'])('tritonclient.http, %s', variant => {
    const answer: Inferred = answers.tritonclient[variant];
    expect(answer).toMatchObject({ server: 'lsllama', index: [CLASSIFIER, TAGGER], id: '7' });
    expect(answer).toMatchObject({ outputs: ['label', 'score', 'probabilities', 'logits'] });
    expect(answer.labels[0]).toBe(classified.label);
    const probabilities = Object.values(classified.probabilities);
    for (const [i, value] of probabilities.entries())
      expect(answer.probabilities[0]![i]).toBeCloseTo(value, 6);
    for (const [i, value] of classified.logits.entries()) expect(answer.logits[0]![i]).toBeCloseTo(value, 5);
    expect(answer.classes[0]).toHaveLength(2);
    expect(answer.classes[0]![0]).toMatch(new RegExp(`^[\\d.]+:\\d+:${classified.label}$`));
    expect(answer.entities).toEqual(entities);
    expect(answer).toMatchObject({ error: expect.stringContaining('no model "none"') });
  });
});
