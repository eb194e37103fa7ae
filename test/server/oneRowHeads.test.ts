// Heads of one row: yes or no, and values such as rewards. From the plan of their export to answers over HTTP.

import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { exportModel } from '../../dist/model/export.js';
import { type DeviceRequest, readRecipe } from '../../dist/model/recipe.js';
import { lsllama } from '../support/cli.js';
import { type Golden, readJson, temporaryFolder } from '../support/fixtures.js';
import { expectSchema, post } from '../support/http.js';
import { matrixCases } from '../support/matrix.js';
import { planOf } from '../support/plan.js';
import { ready, startService } from '../support/service.js';

const work = temporaryFolder();
const models = temporaryFolder();
const cases = new Map(matrixCases().map(each => [each.name, each]));
const requestOf = (name: string): DeviceRequest => cases.get(name)!.request;
const goldensOf = (name: string) => readJson(join(cases.get(name)!.folder, 'golden.json')) as Golden[];
const logitOf = ({ logits }: Golden) => logits[0] as number;
const sigmoid = (logit: number) => 1 / (1 + Math.exp(-logit));

/** The model folders, and the cases of the matrix that they are exported from. */
const EXPORTS: Record<string, [string, Partial<DeviceRequest>]> = {
  reward: ['reward_model', {}],
  reward_int8: ['reward_model', { precision: 'int8', labels: ['reward'] }],
  one_label: ['binary', {}],
  two_labels: ['binary', { labels: ['ham', 'spam'] }],
  two_labels_int8: ['binary_mean', { labels: ['ham', 'spam'], precision: 'int8' }],
};

beforeAll(async () => {
  for (const [name, [matrixCase, changes]] of Object.entries(EXPORTS)) {
    await exportModel({ ...requestOf(matrixCase), ...changes }, join(models, name));
  }
});

describe('the plan', () => {
  const asked = (fields: Partial<DeviceRequest>, name = 'binary') => {
    const { problemType: _, labels: __, ...request } = requestOf(name);
    return planOf({ ...request, ...fields });
  };

  it('a head of one row needs a problem type', () => {
    expect(() => asked({ labels: ['spam'] })).toThrow(
      /expected binary or regression for the one row of score\.weight, found none: give --problem-type binary .*--problem-type regression/,
    );
  });

  it('single is refused: softmax over one row is always 1 (huggingface/transformers issue 45479)', () => {
    expect(() => asked({ labels: ['a'], problemType: 'single' })).toThrow(
      /expected binary or regression.*found single/,
    );
  });

  it('a value needs no label', () => {
    expect(asked({ problemType: 'regression' }).labels).toEqual(['LABEL_0']);
    expect(asked({ problemType: 'regression', labels: ['reward'] }).labels).toEqual(['reward']);
  });

  it('yes or no has one label or two', () => {
    expect(asked({ problemType: 'binary', labels: ['no', 'yes'] }).labels).toEqual(['no', 'yes']);
    expect(() => asked({ problemType: 'binary' })).toThrow(/labels of no and yes.*--labels no,yes/);
    expect(() => asked({ problemType: 'binary', labels: ['a', 'b', 'c'] })).toThrow(
      /or two, for no and yes, found 3/,
    );
    expect(() => asked({ problemType: 'regression', labels: ['a', 'b'] })).toThrow(/expected 1,.* found 2/);
  });

  it('multi with one row is one label with a probability of its own', () => {
    expect(asked({ problemType: 'multi', labels: ['spam'] })).toMatchObject({
      problemType: 'multi',
      labels: ['spam'],
    });
  });

  it('several rows are no value, and a word has a label', () => {
    const several = { labels: ['a', 'b', 'c'], problemType: 'regression' } as const;
    expect(() => asked(several, 'lora_query_value')).toThrow(
      /single or multi for the 3 rows.*found regression/,
    );
    expect(() => asked({ task: 'token', attention: 'causal', problemType: 'binary' })).toThrow(
      /expected single for a token/,
    );
  });

  it('a recipe says it as well', () => {
    writeFileSync(join(work, 'recipe.json'), JSON.stringify({ base: 'b', problemType: 'binary' }));
    expect(readRecipe(join(work, 'recipe.json')).problemType).toBe('binary');
  });
});

describe('an export', () => {
  it('counts no labels in its verification, of which there is one', () => {
    for (const name of ['reward', 'reward_int8']) {
      const { verification } = readJson(join(models, name, 'model.json')) as { verification: object };
      expect(Object.keys(verification)).toEqual(['maxDifference', 'texts', 'layers']);
    }
  });
});

function dataFile(lines: readonly object[]): string {
  const path = join(work, 'data.jsonl');
  writeFileSync(path, lines.map(line => `${JSON.stringify(line)}\n`).join(''));
  return path;
}

describe('predict', () => {
  const predict = (model: string, golden: readonly Golden[]) =>
    lsllama(['predict', join(models, model), '--input', dataFile(golden.map(({ text }) => ({ text })))])
      .stdout.trimEnd()
      .split('\n')
      .map(line => JSON.parse(line));

  it('gives raw rewards, which may be negative (hiyouga/LlamaFactory issue 3889)', () => {
    const golden = goldensOf('reward_model');
    const answers = predict('reward', golden);
    for (const [i, answer] of answers.entries()) {
      expect(answer).toEqual({ label: 'LABEL_0', score: expect.closeTo(logitOf(golden[i]!), 3) });
    }
    expect(answers.map(({ score }) => Math.sign(score))).toContain(-1);
  });

  it('at int8 gives values near those of the checkpoint', () => {
    const golden = goldensOf('reward_model');
    for (const [i, { label, score }] of predict('reward_int8', golden).entries()) {
      expect(label).toBe('reward');
      expect(Math.abs(score - logitOf(golden[i]!))).toBeLessThan(0.5);
    }
  });
});

describe('eval', () => {
  it('compares values with gold numbers', () => {
    const data = dataFile(
      goldensOf('reward_model').map(each => ({ text: each.text, label: logitOf(each) + 1 })),
    );
    const report = JSON.parse(lsllama(['eval', join(models, 'reward'), data, '--json']).stdout);
    expect(report).toEqual({
      count: 7,
      mean_squared_error: expect.closeTo(1, 3),
      mean_absolute_error: expect.closeTo(1, 3),
      pearson: expect.closeTo(1, 6),
      spearman: expect.closeTo(1, 6),
    });
    expect(lsllama(['eval', join(models, 'reward'), data]).stdout).toMatch(
      /^examples +7\nmean squared error +(1|0\.9)/,
    );
  });

  it('refuses gold labels that are no numbers', () => {
    const data = dataFile([{ text: 'a', label: 'good' }]);
    expect(lsllama(['eval', join(models, 'reward'), data]).stderr).toMatch(
      /"label" to be a number, found "good"/,
    );
  });

  it('of one label takes true and false, or 1 and 0', () => {
    const golden = goldensOf('binary');
    const data = dataFile(
      golden.map((each, i) => {
        const isYes = logitOf(each) >= 0;
        return { text: each.text, label: i % 2 === 0 ? isYes : Number(isYes) };
      }),
    );
    const report = JSON.parse(lsllama(['eval', join(models, 'one_label'), data, '--json']).stdout);
    expect(report.accuracy).toBe(1);
    expect(Object.keys(report.labels)).toEqual(['false', 'true']);
  });

  it('of two labels takes them', () => {
    const data = dataFile(
      goldensOf('binary').map(each => ({ text: each.text, label: logitOf(each) > 0 ? 'spam' : 'ham' })),
    );
    expect(JSON.parse(lsllama(['eval', join(models, 'two_labels'), data, '--json']).stdout).accuracy).toBe(1);
  });
});

describe('inspect', () => {
  it('says how the row is read', () => {
    expect(lsllama(['inspect', join(models, 'reward')]).stdout).toMatch(
      /^task +sequence classification, a value$/m,
    );
    expect(lsllama(['inspect', join(models, 'one_label')]).stdout).toMatch(
      /^task +sequence classification, yes or no$/m,
    );
  });
});

describe('POST /classify', () => {
  let url: string;

  beforeAll(async () => {
    const served = temporaryFolder();
    for (const name of ['reward', 'one_label', 'two_labels', 'two_labels_int8']) {
      cpSync(join(models, name), join(served, name), { recursive: true });
    }
    const service = await startService(served, work);
    await ready(service);
    url = service.url;
  });

  async function classify(model: string, inputs: readonly (string | undefined)[], options: object = {}) {
    const { body } = await post(`${url}/classify`, { inputs, model, ...options });
    expectSchema('ClassifyResponse', body);
    return (body as { results: Record<string, unknown>[] }).results;
  }

  it('gives the raw row with raw_scores, also where it is the value itself', async () => {
    const golden = goldensOf('reward_model');
    const texts = golden.map(({ text }) => text);
    for (const [i, { score, logits }] of (await classify('reward', texts, { raw_scores: true })).entries()) {
      expect(logits).toEqual([score]);
      expect(score).toBeCloseTo(logitOf(golden[i]!), 3);
    }
  });

  it('a reranker answers values of any size, without probabilities (FlagOpen/FlagEmbedding issue 108)', async () => {
    const golden = goldensOf('reward_model');
    const results = await classify(
      'reward',
      golden.map(({ text }) => text),
      { top_k: 1, threshold: 0.9 },
    );
    for (const [i, result] of results.entries()) {
      expect(Object.keys(result)).toEqual(['label', 'score', 'tokens', 'truncated']);
      expect(result.score).toBeCloseTo(logitOf(golden[i]!), 3);
    }
  });

  it('one label has the sigmoid, not the softmax, of its logit (rohitg00/agentmemory issue 724)', async () => {
    const golden = goldensOf('binary');
    const results = await classify(
      'one_label',
      golden.map(({ text }) => text),
    );
    for (const [i, result] of results.entries()) {
      const p = expect.closeTo(sigmoid(logitOf(golden[i]!)), 5);
      expect(result).toMatchObject({ label: 'spam', score: p, probabilities: { spam: p } });
    }
  });

  it('two labels share the probability', async () => {
    const golden = goldensOf('binary');
    const results = await classify(
      'two_labels',
      golden.map(({ text }) => text),
    );
    for (const [i, result] of results.entries()) {
      const yes = sigmoid(logitOf(golden[i]!));
      expect(result).toMatchObject({
        label: yes > 0.5 ? 'spam' : 'ham',
        score: expect.closeTo(Math.max(yes, 1 - yes), 5),
        probabilities: { ham: expect.closeTo(1 - yes, 5), spam: expect.closeTo(yes, 5) },
      });
      expect(result.labels).toBeUndefined();
    }
    const [best] = await classify('two_labels', [golden[0]!.text], { top_k: 1 });
    expect(Object.keys(best!.probabilities as object)).toEqual([best!.label]);
  });

  it('at int8, pooled by mean, probabilities are near those of the checkpoint', async () => {
    const golden = goldensOf('binary_mean');
    const results = await classify(
      'two_labels_int8',
      golden.map(({ text }) => text),
    );
    for (const [i, result] of results.entries()) {
      const { spam } = result.probabilities as Record<string, number>;
      expect(Math.abs(spam! - sigmoid(logitOf(golden[i]!)))).toBeLessThan(0.1);
    }
  });

  it('predictions are counted by label', async () => {
    await classify('reward', ['a']);
    expect(await (await fetch(`${url}/metrics`)).text()).toMatch(
      /lsllama_predictions_total\{model="reward",label="LABEL_0"\} \d+/,
    );
  });
});
