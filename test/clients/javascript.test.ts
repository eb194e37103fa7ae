// Clients of other services from npm, unchanged but for the address.

import { InferenceClient } from '@huggingface/inference';
import OpenAI from 'openai';
import { beforeAll, describe, expect, it } from 'vitest';
import { exportCheckpoint, goldensOf, temporaryFolder } from '../support/fixtures.js';
import { type RunningService, ready, startService } from '../support/service.js';

const CLASSIFIER = 'ls_llama_seq';
const TAGGER = 'ls_unllama_tok';
const text = goldensOf(CLASSIFIER)[0]!.text as string;
const models = temporaryFolder();
let service: RunningService;

beforeAll(async () => {
  await exportCheckpoint(CLASSIFIER, models);
  await exportCheckpoint(TAGGER, models);
  service = await startService(models, models, '--api-key', 'secret');
  await ready(service);
});

/** What our own route says. */
async function classified() {
  const response = await fetch(`${service.url}/classify`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer secret' },
    body: JSON.stringify({ inputs: text }),
  });
  const { results } = (await response.json()) as {
    results: [{ label: string; probabilities: Record<string, number> }];
  };
  return results[0];
}

describe('@huggingface/inference', () => {
  const endpoint = (model: string, key = 'secret') =>
    new InferenceClient(key).endpoint(`${service.url}/models/${model}`);

  it('textClassification', async () => {
    const answer = await endpoint(CLASSIFIER).textClassification({ inputs: text });
    const ours = Object.entries((await classified()).probabilities).sort(([, a], [, b]) => b - a);
    expect(answer.map(({ label }) => label)).toEqual(ours.map(([label]) => label));
    for (const [i, { score }] of answer.entries()) expect(score).toBeCloseTo(ours[i]![1], 6);
  });

  it('tokenClassification', async () => {
    const answer = await endpoint(TAGGER).tokenClassification({ inputs: text });
    expect(answer.length).toBeGreaterThan(0);
    for (const { start, end, word, score, entity_group } of answer) {
      expect(word.trim()).toBe(text.slice(start, end).trim());
      expect(score).toBeGreaterThan(0);
      expect(entity_group).not.toMatch(/^[BI]-/);
    }
  });

  it('errors are told in words', async () => {
    await expect(endpoint(CLASSIFIER, 'wrong').textClassification({ inputs: text })).rejects.toThrow(
      /the API key is wrong/,
    );
    await expect(endpoint('none').textClassification({ inputs: text })).rejects.toThrow(/no model "none"/);
  });
});

describe('openai', () => {
  const clientWith = (apiKey: string) => new OpenAI({ baseURL: `${service.url}/v1`, apiKey, maxRetries: 0 });

  it('models.list and models.retrieve', async () => {
    const client = clientWith('secret');
    const { data } = await client.models.list();
    expect(data.map(({ id }) => id)).toEqual([CLASSIFIER, TAGGER]);
    expect(await client.models.retrieve(TAGGER)).toMatchObject({ id: TAGGER, object: 'model' });
  });

  it("post to vLLM's /classify", async () => {
    const { label, probabilities } = await classified();
    const answer = await clientWith('secret').post('/../classify', {
      body: { model: CLASSIFIER, input: [text] },
    });
    expect(answer).toMatchObject({ data: [{ label, probs: Object.values(probabilities) }] });
  });

  it('errors have their classes', async () => {
    await expect(clientWith('wrong').models.list()).rejects.toThrow(OpenAI.AuthenticationError);
    await expect(clientWith('secret').models.retrieve('none')).rejects.toThrow(OpenAI.NotFoundError);
    const unknown = clientWith('secret').post('/../classify', { body: { input: 7 } });
    await expect(unknown).rejects.toThrow(OpenAI.BadRequestError);
    await expect(unknown).rejects.toThrow(/must be string or array/);
  });
});
