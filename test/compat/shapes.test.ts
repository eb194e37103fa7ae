// The requests and answers of other services: each says the same as /classify and /ner, in the form that its clients know.

import { deflateSync, gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { exportCheckpoint, goldensOf, temporaryFolder } from '../support/fixtures.js';
import { expectSchema, post as postTo } from '../support/http.js';
import { type RunningService, ready, startService } from '../support/service.js';

const CLASSIFIER = 'ls_llama_seq';
const TAGGER = 'ls_unllama_tok';

const models = temporaryFolder();
let service: RunningService;
const texts = goldensOf(CLASSIFIER)
  .map(({ text }) => text as string)
  .slice(0, 3);
const long = 'market '.repeat(200);

beforeAll(async () => {
  await exportCheckpoint(CLASSIFIER, models);
  await exportCheckpoint(TAGGER, models);
  service = await startService(models, models);
  await ready(service);
});

const post = (path: string, body: unknown, headers?: Record<string, string>) =>
  postTo(`${service.url}${path}`, body, headers);

// biome-ignore lint/suspicious/noExplicitAny: answers are checked against openapi.yaml
async function get(path: string): Promise<{ status: number; body: any }> {
  const response = await fetch(`${service.url}${path}`);
  return { status: response.status, body: await response.json() };
}

/** What /classify says about the texts. */
async function classified(inputs: readonly string[] = texts, options: object = {}) {
  const { body } = await post('/classify', { inputs, raw_scores: true, ...options });
  return body.results as {
    label: string;
    score: number;
    probabilities: Record<string, number>;
    logits: number[];
    tokens: number;
  }[];
}

describe('vLLM', () => {
  it('/classify with input has the probabilities of /classify with inputs', async () => {
    const { status, body } = await post('/classify', { model: CLASSIFIER, input: texts, user: 'ignored' });
    expect(status).toBe(200);
    expectSchema('VllmClassifyResponse', body);
    const ours = await classified();
    expect(body.data).toEqual(
      ours.map(({ label, probabilities }, index) => ({
        index,
        label,
        probs: Object.values(probabilities),
        num_classes: Object.keys(probabilities).length,
      })),
    );
    const tokens = ours.reduce((sum, result) => sum + result.tokens, 0);
    expect(body.usage).toMatchObject({ prompt_tokens: tokens, total_tokens: tokens, completion_tokens: 0 });
    expect(body.id).toMatch(/^classify-/);
  });

  it('use_activation false gives logits', async () => {
    const { body } = await post('/classify', { input: texts[0], use_activation: false });
    expect(body.data[0].probs).toEqual((await classified([texts[0]!]))[0]!.logits);
  });

  it('a long text is refused unless truncate_prompt_tokens says where it is cut', async () => {
    const refused = await post('/classify', { input: long });
    expect(refused.status).toBe(400);
    expect(refused.body.error).toMatchObject({ type: 'BadRequestError', param: '/input', code: 400 });
    expect(refused.body.error.message).toMatch(/at most 64/);
    const whole = await post('/classify', { input: long, truncate_prompt_tokens: -1 });
    expect(whole.body.usage.prompt_tokens).toBe(64);
    const cut = await post('/classify', { input: long, truncate_prompt_tokens: 10 });
    expect(cut.body.usage.prompt_tokens).toBe(10);
  });

  it('errors have its form, also where the body does not match the schema', async () => {
    for (const [body, status, type] of [
      [{ input: [1] }, 400, 'BadRequestError'],
      [{ input: 'a', model: 'none' }, 404, 'NotFoundError'],
    ] as const) {
      const answer = await post('/classify', body);
      expect(answer.status).toBe(status);
      expectSchema('Problem', answer.body);
      expect(answer.body.error).toMatchObject({ type, code: status });
    }
    expect((await post('/classify', {})).body.error).toBeUndefined();
  });

  it('/v1/models lists the models', async () => {
    const { body } = await get('/v1/models');
    expectSchema('VllmModels', body);
    expect(body.data.map(({ id }: { id: string }) => id)).toEqual([CLASSIFIER, TAGGER]);
    expect((await get(`/v1/models/${TAGGER}`)).body).toEqual(body.data[1]);
    expect((await get('/v1/models/none')).body.error).toMatchObject({ code: 404 });
  });
});

describe('vLLM: POST /tokenize', () => {
  const { text, input_ids } = goldensOf(CLASSIFIER)[0]!;

  it('lists the tokens of transformers', async () => {
    const { body } = await post('/tokenize', { model: CLASSIFIER, prompt: text, return_token_strs: true });
    expectSchema('VllmTokenizeResponse', body);
    expect(body).toMatchObject({ tokens: input_ids, count: input_ids.length, max_model_len: 64 });
    expect(body.token_strs).toHaveLength(input_ids.length);
    const bare = await post('/tokenize', { model: CLASSIFIER, prompt: text, add_special_tokens: false });
    expect(bare.body.token_strs).toBeNull();
    expect(input_ids.join()).toContain(bare.body.tokens.join());
  });

  it('needs the name of a model where there are several, and takes an empty prompt', async () => {
    const unnamed = await post('/tokenize', { prompt: text });
    expect(unnamed.status).toBe(400);
    expect(unnamed.body.error.message).toContain(`${CLASSIFIER}, ${TAGGER}`);
    const empty = { model: TAGGER, prompt: '', add_special_tokens: false };
    expect((await post('/tokenize', empty)).body).toMatchObject({ count: 0, tokens: [] });
  });
});

describe('Hugging Face', () => {
  const infer = (model: string, inputs: unknown, parameters?: object) =>
    post(`/models/${model}`, { inputs, ...(parameters && { parameters }) });

  it('a classifier answers with a sorted list for each text', async () => {
    const { body } = await infer(CLASSIFIER, texts);
    expectSchema('HuggingFaceResponse', body);
    const ours = await classified();
    for (const [i, labels] of body.entries()) {
      const best = Object.entries(ours[i]!.probabilities).sort(([, a], [, b]) => b - a);
      expect(labels).toEqual(best.map(([label, score]) => ({ label, score })));
    }
    expect((await infer(CLASSIFIER, texts[0])).body).toEqual([body[0]]);
    expect((await infer(CLASSIFIER, texts[0], { top_k: 1 })).body).toEqual([[body[0][0]]]);
    const logits = (await infer(CLASSIFIER, texts[0], { function_to_apply: 'none' })).body[0];
    expect(logits.map(({ score }: { score: number }) => score)).toEqual(
      [...ours[0]!.logits].sort((a, b) => b - a),
    );
  });

  it('a tagger answers with a list of entities, for a list of texts a list of such lists', async () => {
    const { body } = await infer(TAGGER, texts);
    expectSchema('HuggingFaceResponse', body);
    expect(body).toHaveLength(texts.length);
    const one = (await infer(TAGGER, texts[0])).body;
    expectSchema('HuggingFaceResponse', one);
    expect(one).toEqual(body[0]);
    expect((await infer(TAGGER, '')).body).toEqual([]);
  });

  it('a long text is cut, or read whole with a stride', async () => {
    const last = async (parameters: object) => {
      const { body } = await infer(TAGGER, long, { ignore_labels: [], ...parameters });
      return body.at(-1).end as number;
    };
    expect(await last({})).toBeLessThan(long.length / 2);
    expect(await last({ stride: 8 })).toBe(long.length);
  });

  it.each([
    ['parameters of a tagger for a classifier', CLASSIFIER, { stride: 2 }, '/parameters/stride'],
    ['parameters of a classifier for a tagger', TAGGER, { top_k: 2 }, '/parameters/top_k'],
    ['an unknown parameter', TAGGER, { x: 1 }, '/parameters'],
    ['a stride of the whole window', TAGGER, { stride: 64 }, '/inputs'],
  ])('refuses %s', async (_, model, parameters, path) => {
    const { status, body } = await infer(model, texts[0], parameters);
    expect(status).toBe(422);
    expectSchema('Problem', body);
    expect(body).toMatchObject({ error: body.detail, errors: [{ path }] });
  });
});

describe('text-embeddings-inference', () => {
  it.each([
    ['one text', (text: string) => text],
    ['a list with one text', (text: string) => [text]],
  ])('/predict of %s', async (_, inputsOf) => {
    const { status, body } = await post('/predict', { inputs: inputsOf(texts[0]!) });
    expect(status).toBe(200);
    expectSchema('TextEmbeddingsResponse', body);
    const [first] = await classified();
    const best = Object.entries(first!.probabilities).sort(([, a], [, b]) => b - a);
    expect(body).toEqual(best.map(([label, score]) => ({ score, label })));
  });

  it('/predict of a batch, with raw scores', async () => {
    const { body } = await post('/predict', { inputs: texts.map(text => [text]), raw_scores: true });
    expectSchema('TextEmbeddingsResponse', body);
    const logits = (await classified()).map(result => [...result.logits].sort((a, b) => b - a));
    expect(body.map((labels: { score: number }[]) => labels.map(({ score }) => score))).toEqual(logits);
  });

  it.each([
    ['a pair', ['a', 'b'], '/inputs'],
    ['a pair in a batch', [['a'], ['b', 'c']], '/inputs/1'],
    ['a mixed batch', [['a'], 'b'], '/inputs/1'],
    ['a text without content', [' '], '/inputs/0'],
  ])('refuses %s', async (_, inputs, path) => {
    const { status, body } = await post('/predict', { inputs });
    expect(status).toBe(422);
    expectSchema('Problem', body);
    expect(body).toMatchObject({ error_type: 'Validation', errors: [{ path }] });
    expect(body.error).toBe(body.detail);
  });

  it('cuts a long text on the side that is asked for', async () => {
    const text = `economy ${long}`;
    const cut = (options: object) => post('/predict', { inputs: text, ...options });
    const right = (await cut({ truncation_direction: 'Right' })).body;
    const left = (await cut({ truncation_direction: 'Left' })).body;
    expect((await cut({})).body).toEqual(right);
    expect(left).not.toEqual(right);
    expect((await cut({ truncate: false })).status).toBe(422);
  });

  it('/info', async () => {
    const { body } = await get('/info');
    expectSchema('TextEmbeddingsInfo', body);
    expect(body).toMatchObject({ model_id: CLASSIFIER, max_input_length: 64 });
  });
});

describe("KServe's V1", () => {
  it('predictions are the results of /classify', async () => {
    const { status, body } = await post(`/v1/models/${CLASSIFIER}:predict`, { instances: texts });
    expect(status).toBe(200);
    expectSchema('KserveResponse', body);
    const { results } = (await post('/classify', { inputs: texts })).body;
    expect(body.predictions).toEqual(results);
  });

  it('predictions are the results of /ner', async () => {
    const { body } = await post(`/v1/models/${TAGGER}:predict`, { instances: [...texts, ''] });
    expectSchema('KserveResponse', body);
    expect(body.predictions).toEqual((await post('/ner', { inputs: [...texts, ''] })).body.results);
  });

  it('no content type is needed, and errors have an error', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const path = `/v1/models/${CLASSIFIER}:predict`;
    expect((await post(path, { instances: texts }, form)).status).toBe(200);
    const { status, body } = await post(path, { instances: [''] }, form);
    expect(status).toBe(400);
    expect(body.error).toMatch(/instances\/0.*empty/);
  });
});

describe('Open Inference Protocol', () => {
  const infer = (model: string, body: unknown, headers?: Record<string, string>) =>
    post(`/v2/models/${model}/infer`, body, headers);
  const input = (data: unknown, shape: number[]) => ({ name: 'text', datatype: 'BYTES', shape, data });
  const outputOf = (body: { outputs: { name: string }[] }, name: string) =>
    body.outputs.find(output => output.name === name) as unknown as { data: unknown[]; shape: number[] };

  it('tells of the service and its models', async () => {
    expectSchema('OpenInferenceServer', (await get('/v2')).body);
    expect((await get('/v2/health/live')).body).toEqual({ live: true });
    expect((await get('/v2/health/ready')).body).toEqual({ ready: true });
    expect((await get('/v2/models')).body).toEqual({ models: [CLASSIFIER, TAGGER] });
    const { body } = await get(`/v2/models/${CLASSIFIER}`);
    expectSchema('OpenInferenceModel', body);
    const [version] = body.versions;
    expect((await get(`/v2/models/${CLASSIFIER}/versions/${version}`)).body).toEqual(body);
    expect((await get(`/v2/models/${CLASSIFIER}/versions/${version}/ready`)).body).toEqual({
      name: CLASSIFIER,
      ready: true,
    });
    const wrong = await get(`/v2/models/${CLASSIFIER}/versions/1`);
    expect(wrong.status).toBe(404);
    expect(wrong.body.error).toContain(version);
    const index = (await post('/v2/repository/index', '')).body;
    expectSchema('OpenInferenceIndex', index);
    expect(index.map(({ name }: { name: string }) => name)).toEqual([CLASSIFIER, TAGGER]);
    expect((await post('/v2/repository/index', { ready: true })).body).toEqual(index);
  });

  it.each([
    ['flat', (data: string[]) => input(data, [data.length])],
    [
      'nested',
      (data: string[]) =>
        input(
          data.map(text => [text]),
          [data.length, 1],
        ),
    ],
  ])('infers texts in a %s tensor', async (_, tensorOf) => {
    const { status, body } = await infer(CLASSIFIER, { id: '7', inputs: [tensorOf(texts)] });
    expect(status).toBe(200);
    expectSchema('OpenInferenceResponse', body);
    expect(body).toMatchObject({ model_name: CLASSIFIER, id: '7' });
    const ours = await classified();
    expect(outputOf(body, 'label').data).toEqual(ours.map(({ label }) => label));
    expect(outputOf(body, 'score').data).toEqual(ours.map(({ score }) => score));
    const probabilities = outputOf(body, 'probabilities');
    const labels = Object.keys(ours[0]!.probabilities).length;
    expect(probabilities.shape).toEqual([texts.length, labels]);
    expect(probabilities.data).toEqual(ours.flatMap(result => Object.values(result.probabilities)));
    expect(outputOf(body, 'logits').data).toEqual(ours.flatMap(({ logits }) => logits));
  });

  it('a tagger answers with the entities of each text in JSON', async () => {
    const { body } = await infer(TAGGER, { inputs: [input(texts, [texts.length])] });
    expectSchema('OpenInferenceResponse', body);
    const { results } = (await post('/ner', { inputs: texts })).body;
    expect(outputOf(body, 'entities').data.map(json => JSON.parse(json as string))).toEqual(
      results.map(({ entities }: { entities: unknown }) => entities),
    );
  });

  it('classification gives the greatest values as texts', async () => {
    const outputs = [{ name: 'probabilities', parameters: { classification: 2 } }];
    const { body } = await infer(CLASSIFIER, { inputs: [input(texts, [texts.length])], outputs });
    const [first] = await classified();
    const best = Object.entries(first!.probabilities)
      .map(([label, value], index) => ({ label, value, index }))
      .sort((a, b) => b.value - a.value);
    expect(body.outputs[0]).toMatchObject({ datatype: 'BYTES', shape: [texts.length, 2] });
    expect(body.outputs[0].data.slice(0, 2)).toEqual(
      best.slice(0, 2).map(({ label, value, index }) => `${value.toFixed(6)}:${index}:${label}`),
    );
  });

  /** A body with a binary tensor, written by hand as the extension describes it. */
  function binaryBody(elements: readonly Buffer[], json: object = {}) {
    const tensor = Buffer.concat(
      elements.flatMap(element => {
        const length = Buffer.alloc(4);
        length.writeUInt32LE(element.length);
        return [length, element];
      }),
    );
    const head = Buffer.from(
      JSON.stringify({
        inputs: [
          {
            name: 'text',
            datatype: 'BYTES',
            shape: [elements.length],
            parameters: { binary_data_size: tensor.length },
          },
        ],
        ...json,
      }),
    );
    return { head, body: Buffer.concat([head, tensor]) };
  }

  it.each([
    ['plain', (body: Buffer) => body, {}],
    ['gzip', gzipSync, { 'content-encoding': 'gzip' }],
    ['deflate', deflateSync, { 'content-encoding': 'deflate' }],
  ])('reads and writes binary tensors, %s', async (_, compress, headers) => {
    const { head, body } = binaryBody(texts.map(Buffer.from), { parameters: { binary_data_output: true } });
    const response = await fetch(`${service.url}/v2/models/${CLASSIFIER}/infer`, {
      method: 'POST',
      headers: { 'inference-header-content-length': String(head.length), ...headers },
      body: new Uint8Array(compress(body)),
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
    const bytes = Buffer.from(await response.arrayBuffer());
    let start = Number(response.headers.get('inference-header-content-length'));
    const json = JSON.parse(bytes.subarray(0, start).toString());
    expectSchema('OpenInferenceResponse', json);
    const ours = await classified();
    for (const { name, parameters } of json.outputs) {
      const tensor = bytes.subarray(start, start + parameters.binary_data_size);
      start += parameters.binary_data_size;
      if (name === 'label') {
        const expected = ours.map(({ label }) => `${String.fromCharCode(label.length, 0, 0, 0)}${label}`);
        expect(tensor.toString('latin1')).toBe(expected.join(''));
      }
      if (name === 'logits') {
        const values = ours.flatMap(({ logits }) => logits);
        expect(values.map((_value, i) => tensor.readFloatLE(4 * i))).toEqual(values);
      }
    }
    expect(start).toBe(bytes.length);
  });

  it.each([
    ['a header longer than the body', 9999, /at most/],
    ['a header that is no number', 'x', /number of bytes/],
  ])('refuses %s', async (_, length, message) => {
    const { body } = binaryBody([Buffer.from('a')]);
    const answer = await infer(CLASSIFIER, body, { 'inference-header-content-length': String(length) });
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatch(message);
  });

  it.each([
    ['a tensor that is cut short', (body: Buffer) => body.subarray(0, -1), /bytes of a tensor/],
    ['bytes after the last tensor', (body: Buffer) => Buffer.concat([body, Buffer.from('x')]), /body of/],
    [
      'an element longer than its tensor',
      (body: Buffer) => {
        const changed = Buffer.from(body);
        changed.writeUInt32LE(0xffffffff, body.length - 5);
        return changed;
      },
      /element 0/,
    ],
    [
      'a text that is not UTF-8',
      (body: Buffer) => Buffer.concat([body.subarray(0, -1), Buffer.of(0xff)]),
      /element 0.*UTF-8/,
    ],
  ])('refuses %s', async (_, damage, message) => {
    const { head, body } = binaryBody([Buffer.from('a')]);
    const headers = { 'inference-header-content-length': String(head.length) };
    const answer = await infer(CLASSIFIER, damage(body), headers);
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatch(message);
  });

  it.each([
    ['no input', { inputs: [] }, /inputs/],
    ['another datatype', { inputs: [{ ...input([1], [1]), datatype: 'INT32' }] }, /one of BYTES/],
    ['a wrong shape', { inputs: [input(['a', 'b'], [3])] }, /shape of 2 texts, found \[3\]/],
    ['an unknown output', { inputs: [input(['a'], [1])], outputs: [{ name: 'x' }] }, /one of label/],
    [
      'a classification of labels',
      { inputs: [input(['a'], [1])], outputs: [{ name: 'label', parameters: { classification: 1 } }] },
      /no values by label/,
    ],
    ['a text without content', { inputs: [input([''], [1])] }, /empty/],
  ])('refuses %s', async (_, body, message) => {
    const answer = await infer(CLASSIFIER, body);
    expect(answer.status).toBe(400);
    expectSchema('Problem', answer.body);
    expect(answer.body.error).toMatch(message);
  });

  it('a timeout is in microseconds', async () => {
    const many = Array.from({ length: 500 }, (_, i) => `market ${i} `.repeat(12));
    const parameters = { timeout: 1000 };
    const { status, body } = await infer(CLASSIFIER, { inputs: [input(many, [500])], parameters });
    expect([429, 504]).toContain(status);
    expect(body.error).toMatch(/deadline|queue/);
  });
});
