// lsllama train as a user runs it, on a tiny base: what it writes, how it goes on after an interruption, and what it says
// where something is wrong.

import { spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { jsonLines, lsllama } from '../support/cli.js';
import { ROOT, readJson, temporaryFolder } from '../support/fixtures.js';

const MATRIX = join(ROOT, 'test/fixtures/matrix');
const work = temporaryFolder();
const base = join(MATRIX, 'bases/untied');
const tokenizer = join(MATRIX, 'tokenizer');

const file = (name: string, lines: readonly object[]) => {
  const path = join(work, name);
  writeFileSync(path, jsonLines(lines));
  return path;
};

/** Texts whose label is told by their first word. */
const texts = Array.from({ length: 120 }, (_, i) => {
  const label = ['oil', 'bank', 'lamb'][i % 3]!;
  return { text: `${label} prices in Munich ${i % 7} ${'met in Geneva '.repeat(i % 4)}`, label };
});
const data = file('texts.jsonl', texts);
const dev = file('dev.jsonl', texts.slice(0, 30));
const taggedTexts = texts.map(({ text }) => {
  const tokens = text.trim().split(' ');
  return {
    tokens,
    tags: tokens.map(token => ({ Munich: 'B-LOC', Geneva: 'B-LOC', oil: 'B-GOOD' })[token] ?? 'O'),
  };
});
const words = file('words.jsonl', taggedTexts);

const CLASSIFIER = ['--task', 'sequence', '--attention', 'causal'];
const TAGGER = ['--task', 'token', '--attention', 'bidirectional'];
const QUICK = ['--targets', 'all-linear', '--lr', '3e-3', '--batch-tokens', '256'];

const argsOf = (out: string, ...more: string[]) => [
  'train',
  '--base',
  base,
  '--tokenizer',
  tokenizer,
  '--out',
  join(work, out),
  ...QUICK,
  ...more,
];
const train = (out: string, ...more: string[]) => lsllama(argsOf(out, ...more));

describe('what is written', () => {
  it('a classifier that has learned its labels, which predict and eval take as it is', () => {
    const { status, stdout, stderr } = train(
      'classifier',
      ...CLASSIFIER,
      '--data',
      data,
      '--dev',
      dev,
      '--epochs',
      '8',
    );
    expect({ status, stderr: /step \d+: accuracy [\d.]+%/.test(stderr) }).toEqual({
      status: 0,
      stderr: true,
    });
    const summary = JSON.parse(stdout);
    expect(summary.labels).toEqual(['bank', 'lamb', 'oil']);
    expect(summary.accuracy).toBe(1);
    const folder = join(work, 'classifier');
    expect(readdirSync(folder).sort()).toEqual(['adapter', 'recipe.json', 'training.html']);
    expect(readJson(join(folder, 'adapter/adapter_config.json'))).toMatchObject({
      peft_type: 'LORA',
      task_type: 'SEQ_CLS',
      r: 12,
      lora_alpha: 32,
    });
    const evaluated = lsllama(['eval', folder, dev, '--json']);
    expect(JSON.parse(evaluated.stdout)).toMatchObject({ accuracy: 1 });
  });

  it('a classifier of one label, also where the config of the base says that it has several', () => {
    const several = join(work, 'several');
    cpSync(base, several, { recursive: true });
    const config = readJson(join(base, 'config.json')) as object;
    writeFileSync(
      join(several, 'config.json'),
      JSON.stringify({ ...config, problem_type: 'multi_label_classification' }),
    );
    const flags = [...CLASSIFIER, '--data', data, '--epochs', '1', '--base', several];
    expect(train('single', ...flags).status).toBe(0);
    const answers = lsllama(['predict', join(work, 'single')], jsonLines([{ text: 'oil prices' }])).stdout;
    const { probabilities } = JSON.parse(answers) as { probabilities: Record<string, number> };
    expect(Object.values(probabilities).reduce((sum, p) => sum + p)).toBeCloseTo(1, 5);
  });

  it('a tagger', () => {
    const { status, stdout } = train('tagger', ...TAGGER, '--data', words, '--dev', words, '--epochs', '8');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ labels: ['O', 'B-GOOD', 'B-LOC'], 'entity F1': 1 });
    const evaluated = lsllama(['eval', join(work, 'tagger'), words, '--json']);
    expect(JSON.parse(evaluated.stdout)).toMatchObject({ f1: 1 });
  });

  it('a tagger whose tokenizer puts a space before each word, where that of the base does not', () => {
    const own = join(work, 'own-tokenizer');
    cpSync(base, own, { recursive: true });
    cpSync(tokenizer, own, { recursive: true });
    const out = join(work, 'spaced');
    const args = argsOf('spaced', ...TAGGER, '--data', words, '--epochs', '1', '--base', own);
    const { status, stderr } = lsllama(args.filter(arg => arg !== '--tokenizer' && arg !== tokenizer));
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: expect.stringContaining('words get a space before them, as in texts'),
    });
    const { normalizer } = readJson(join(out, 'adapter/tokenizer.json')) as { normalizer: unknown };
    expect(normalizer).toEqual({ type: 'Prepend', prepend: ' ' });
    expect(lsllama(['eval', out, words]).status).toBe(0);
  });

  it('a tagger whose first layer keeps the causal mask', () => {
    const flags = [...TAGGER, '--bidirectional-from', '1', '--data', words, '--epochs', '8'];
    expect(train('half', ...flags).status).toBe(0);
    expect(readJson(join(work, 'half/recipe.json'))).toMatchObject({ bidirectionalFrom: 1 });
    const evaluated = lsllama(['eval', join(work, 'half'), words, '--json']);
    expect(JSON.parse(evaluated.stdout)).toMatchObject({ f1: 1 });
  });

  it('a classifier of texts with any number of labels', () => {
    const lines = texts.map(({ text, label }, i) => ({ text, labels: i % 4 === 0 ? [] : [label, 'news'] }));
    const path = file('multi.jsonl', lines);
    const flags = [...CLASSIFIER, '--data', path, '--dev', path, '--epochs', '12'];
    const { status, stdout } = train('multi', ...flags);
    expect({ status, labels: JSON.parse(stdout).labels }).toEqual({
      status: 0,
      labels: ['bank', 'lamb', 'news', 'oil'],
    });
    expect(readJson(join(work, 'multi/recipe.json'))).toMatchObject({ problemType: 'multi' });
    const evaluated = JSON.parse(lsllama(['eval', join(work, 'multi'), path, '--json']).stdout);
    expect(JSON.parse(stdout)['micro F1']).toBeGreaterThan(0.9);
    expect(evaluated.f1).toBeCloseTo(JSON.parse(stdout)['micro F1'], 1);
  });

  it('the same from CSV as from JSON lines', () => {
    const csv = join(work, 'texts.csv');
    writeFileSync(csv, `text,label\n${texts.map(({ text, label }) => `"${text}",${label}\n`).join('')}`);
    const weights = ['json', 'csv'].map(name => {
      const { status } = train(name, ...CLASSIFIER, '--data', name === 'csv' ? csv : data, '--epochs', '1');
      expect(status).toBe(0);
      return readFileSync(join(work, name, 'adapter/adapter_model.safetensors'));
    });
    expect(weights[0]!.equals(weights[1]!)).toBe(true);
  });

  it('the same tagger from CSV as from JSON lines', () => {
    const csv = join(work, 'words.csv');
    const cell = (list: readonly string[]) => `"${JSON.stringify(list).replaceAll('"', '""')}"`;
    const rows = taggedTexts.map(({ tokens, tags }) => `${cell(tokens)},${cell(tags)}\n`);
    writeFileSync(csv, `tokens,tags\n${rows.join('')}`);
    const weights = [words, csv].map((path, i) => {
      expect(train(`words-${i}`, ...TAGGER, '--data', path, '--epochs', '1').status).toBe(0);
      return readFileSync(join(work, `words-${i}`, 'adapter/adapter_model.safetensors'));
    });
    expect(weights[0]!.equals(weights[1]!)).toBe(true);
  });

  it('a recipe that finds its base, also where its folder is reached through a link', () => {
    const [real, link] = [join(work, 'far/away/models'), join(work, 'linked')];
    mkdirSync(real, { recursive: true });
    symlinkSync(real, link);
    expect(train('linked/classifier', ...CLASSIFIER, '--data', data, '--epochs', '1').status).toBe(0);
    expect(lsllama(['eval', join(link, 'classifier'), dev]).status).toBe(0);
  });

  it('as many epochs as fit into the time, where no number of them is given', () => {
    const { status, stdout, stderr } = train('minutes', ...CLASSIFIER, '--data', data, '--minutes', '0.05');
    expect(status).toBe(0);
    expect(stderr).toMatch(/\d+ steps are planned: \d+ fit into 0.05 minutes/);
    // An epoch has a handful of steps of some milliseconds.
    expect(JSON.parse(stdout).steps).toBeGreaterThan(20);
  });

  it('a class with one example is a class', () => {
    const one = file('one.jsonl', [...texts.slice(0, 20), { text: 'Siemens', label: 'alone' }]);
    expect(JSON.parse(train('one', ...CLASSIFIER, '--data', one, '--epochs', '1').stdout).labels).toContain(
      'alone',
    );
  });

  it('training ends early where the score does not rise any more', () => {
    const { stdout, stderr } = train(
      'early',
      ...CLASSIFIER,
      '--data',
      data,
      '--dev',
      dev,
      '--epochs',
      '500',
      '--patience',
      '2',
    );
    const { steps, kept_step } = JSON.parse(stdout);
    expect(steps).toBeLessThan(1000);
    expect(kept_step).toBeLessThan(steps);
    expect(stderr).toContain('training ends: no better score for 2 epochs (--patience)');
  });
});

describe('a run that is killed and resumed', () => {
  const DEV = ['--data', data, '--dev', dev];
  /** With so many tokens in a step, there are two workers where there are two cores. */
  const args = (out: string) =>
    argsOf(out, ...CLASSIFIER, ...DEV, '--batch-tokens', '512', '--epochs', '12', '--patience', '12');

  /** The steps after which a run has told of a score. */
  const stepsIn = (stderr: string) =>
    [...stderr.matchAll(/^step (\d+): accuracy/gm)].map(([, step]) => Number(step));

  /** Runs until the epoch has been told of, and kills the process then. */
  async function runUntil(out: string, epoch: number, ...more: string[]): Promise<void> {
    const child = spawn(process.execPath, [`${ROOT}/dist/cli.js`, ...args(out), ...more]);
    const exited = new Promise(resolve => child.once('exit', resolve));
    let epochs = 0;
    for await (const line of createInterface({ input: child.stderr })) {
      if (/^step \d+: accuracy/.test(line) && ++epochs === epoch) child.kill('SIGKILL');
    }
    await exited;
  }

  it('gives the very same adapter as one that is not', async () => {
    expect(lsllama(args('whole')).status).toBe(0);
    for (const epoch of [1, 2, 3, 1]) await runUntil('killed', epoch, '--resume');
    expect(existsSync(join(work, 'killed'))).toBe(false);
    const state = readJson(join(work, '.killed-training/state.json')) as { progress: { step: number } };
    const saved = state.progress.step;
    const { status, stderr } = lsllama([...args('killed'), '--resume']);
    expect({ status, told: stepsIn(stderr)[0]! > saved && saved > 0 }).toEqual({ status: 0, told: true });
    expect(stepsIn(stderr).length).toBeLessThan(12);
    const [whole, killed] = ['whole', 'killed'].map(out =>
      readFileSync(join(work, out, 'adapter/adapter_model.safetensors')),
    );
    expect(killed!.equals(whole!)).toBe(true);
    expect(readdirSync(work).filter(name => name.startsWith('.'))).toEqual([]);
  });

  it('goes on from a state that was being replaced when it was killed', async () => {
    await runUntil('replaced', 2);
    const name = '.replaced-training';
    // No process has this number: it is above the greatest that Linux gives.
    renameSync(join(work, name), join(work, `.${name}~${hostname()}~4194305~abcdef-old`));
    const { status, stderr } = lsllama([...args('replaced'), '--resume']);
    expect({ status, isNew: stderr.includes('found no interrupted run') }).toEqual({
      status: 0,
      isNew: false,
    });
    expect(stepsIn(stderr).length).toBeLessThan(12);
  });

  it('says so when one of its worker processes is killed, and goes on from there', async () => {
    const child = spawn(process.execPath, [`${ROOT}/dist/cli.js`, ...args('orphaned')]);
    const exited = new Promise<number | null>(resolve => child.once('exit', resolve));
    let said = '';
    for await (const line of createInterface({ input: child.stderr })) {
      said += `${line}\n`;
      // The state of an epoch is saved once the next step has given its gradients.
      if (!/^step \d+: accuracy/.test(line) || stepsIn(said).length !== 3) continue;
      const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')
        .trim()
        .split(' ');
      process.kill(Number(children[0]), 'SIGKILL');
    }
    expect(await exited).toBe(1);
    expect(said).toContain('a worker process of this run ended (SIGKILL), perhaps for lack of memory');
    expect(existsSync(join(work, 'orphaned'))).toBe(false);
    const { status, stderr } = lsllama([...args('orphaned'), '--resume']);
    expect(status).toBe(0);
    expect(stepsIn(stderr)[0]).toBeGreaterThan(stepsIn(said)[0]!);
  });

  it('leaves nothing but its state behind at Ctrl-C', async () => {
    const child = spawn(process.execPath, [`${ROOT}/dist/cli.js`, ...args('stopped')]);
    const exited = new Promise<number | null>(resolve => child.once('exit', resolve));
    for await (const line of createInterface({ input: child.stderr })) {
      if (/^step \d+: accuracy/.test(line)) child.kill('SIGINT');
    }
    expect(await exited).toBe(130);
    const left = readdirSync(work).filter(name => name.startsWith('.stopped'));
    expect(left.filter(name => name !== '.stopped-training')).toEqual([]);
  });

  it('starts anew where there is nothing to go on from, and says so', () => {
    const { status, stderr } = train('fresh', ...CLASSIFIER, '--data', data, '--epochs', '1', '--resume');
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: expect.stringContaining('--resume: found no interrupted run'),
    });
  });

  it('has to have the same options', async () => {
    await runUntil('changed', 2);
    const { status, stderr } = lsllama([...args('changed'), '--resume', '--seed', '1']);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringContaining('--resume: expected the seed of the interrupted run, 42, found 1'),
    });
  });
});

describe('what is wrong is said', () => {
  it.each<[string, object, string]>([
    ['a line with an empty text', { text: ' ', label: 'oil' }, 'line 2: the text is empty'],
    [
      'a line without a label',
      { text: 'oil' },
      'line 2: expected "label", a label, or "labels", a list of them',
    ],
    ['a line without a text', { label: 'oil' }, 'line 2: expected "text", a string'],
  ])('%s', (_, line, message) => {
    const path = file('bad.jsonl', [texts[0]!, line, texts[1]!]);
    const { status, stderr } = train('bad', ...CLASSIFIER, '--data', path);
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining(message) });
    expect(existsSync(join(work, 'bad'))).toBe(false);
  });

  it('tags that are not as many as the words', () => {
    const path = file('bad-tags.jsonl', [{ tokens: ['a', 'b'], tags: ['O'] }]);
    expect(train('bad', ...TAGGER, '--data', path).stderr).toContain(
      'line 1: expected a tag for each token, found 2 tokens and 1 tags',
    );
  });

  it('a cell with a list that is no JSON', () => {
    const path = join(work, 'bad.csv');
    writeFileSync(path, 'text,labels\noil,"[bad"\n');
    expect(train('bad', ...CLASSIFIER, '--data', path)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('bad.csv row 1: '),
    });
  });

  it('a pooling for a tagger', () => {
    const { stderr } = train('bad', ...TAGGER, '--data', words, '--pooling', 'mean');
    expect(stderr).toContain('pooling: expected none, found mean: a token classifier labels every word');
  });

  it.each<[string, string[], string]>([
    [
      'a target that the base does not have',
      ['--targets', 'q_proj, k_prj'],
      'targets: expected some of q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj, or all-linear, found "k_prj"',
    ],
    ['one label', ['--labels', 'oil'], 'labels: expected 2 or more, found oil'],
    ['a label that stands twice', ['--labels', 'oil,bank,oil'], 'labels: expected each label once'],
    ['texts longer than the base reads', ['--max-length', '1000000'], 'max length: expected at most'],
    ['everything dropped', ['--dropout', '1'], 'expected a number from 0 up to but not including 1'],
  ])('%s', (_, flags, message) => {
    const { status, stderr } = train('bad', ...CLASSIFIER, '--data', data, ...flags);
    expect({ status: status === 0, stderr }).toEqual({
      status: false,
      stderr: expect.stringContaining(message),
    });
  });

  it('several labels of a text in the development set alone', () => {
    const path = file('several.jsonl', [{ text: 'oil', labels: ['oil', 'bank'] }]);
    const { stderr } = train('bad', ...CLASSIFIER, '--data', data, '--dev', path);
    expect(stderr).toContain(
      'line 1: expected "label", as each text of the training data has one, found "labels"',
    );
  });

  it('a folder that cannot be made', () => {
    const { status, stderr } = lsllama(argsOf('x', ...CLASSIFIER, '--data', data).with(6, '/proc/none/x'));
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining('cannot be written') });
  });

  it('a causal mask that is kept and removed', () => {
    const { stderr } = train('bad', ...CLASSIFIER, '--data', data, '--bidirectional-from', '1');
    expect(stderr).toContain('attention: causal contradicts bidirectionalFrom 1: leave one of them out');
  });

  it('a label that the training data does not have', () => {
    const path = file('new-label.jsonl', [{ text: 'oil', label: 'gas' }]);
    const { status, stderr } = train('bad', ...CLASSIFIER, '--data', data, '--dev', path);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringContaining('line 1: expected one of the labels bank, lamb, oil, found "gas"'),
    });
  });

  it('a learning rate at which the loss is no number any more; the last good state stays', () => {
    const { status, stderr } = train(
      'diverged',
      ...CLASSIFIER,
      '--data',
      data,
      '--lr',
      '1e3',
      '--warm-up',
      '0.9',
      '--epochs',
      '20',
    );
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(
        /step \d+: expected a number, found (NaN|-?Infinity) .*, after a loss of .*: give a smaller --lr, with --resume/,
      ),
    });
    expect(existsSync(join(work, 'diverged'))).toBe(false);
    expect(existsSync(join(work, '.diverged-training/state.json'))).toBe(true);
    const calmer = ['--lr', '1e-3', '--warm-up', '0.9', '--epochs', '20', '--resume'];
    expect(train('diverged', ...CLASSIFIER, '--data', data, ...calmer).status).toBe(0);
  });

  it('a family whose linear layers are in one tensor', () => {
    const { status, stderr } = train(
      'bad',
      ...CLASSIFIER,
      '--data',
      data,
      '--base',
      join(MATRIX, 'bases/phi3'),
    );
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringContaining(
        'expected layers.0.self_attn.q_proj.weight, found none: training needs each linear layer as a tensor of its own',
      ),
    });
  });

  it('a model with other parts than a decoder', () => {
    const { stderr } = train('bad', ...CLASSIFIER, '--data', data, '--base', join(MATRIX, 'bases/llava'));
    expect(stderr).toMatch(/expected a language model, found one with .*vision_tower/);
  });

  // Blocks of 512 bytes: too few for the graph, and enough for it but not for its packed weights.
  it.each([8, 300])('a disk that is full after %i blocks: nothing half-written stays', blocks => {
    const before = readdirSync(work);
    const { status, stderr } = spawnSync(
      '/bin/sh',
      [
        '-c',
        `trap '' XFSZ; ulimit -f ${blocks}; exec "$@"`,
        'sh',
        process.execPath,
        `${ROOT}/dist/cli.js`,
        ...argsOf('full', ...CLASSIFIER, '--data', data),
      ],
      { encoding: 'utf8' },
    );
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(/full.*: (the weights, packed for this processor, )?cannot be written: /),
    });
    expect(readdirSync(work)).toEqual(before);
  });

  it('a patience that waits for nothing', () => {
    expect(train('bad', ...CLASSIFIER, '--data', data, '--patience', '2').stderr).toContain(
      '--patience: expected --dev as well',
    );
  });

  it.each<[string, (folder: string) => void, string]>([
    ['other files', folder => writeFileSync(join(folder, 'notes.txt'), 'mine'), 'expected a recipe folder'],
    [
      'the data',
      folder => {
        for (const name of ['recipe.json', 'own.jsonl'])
          writeFileSync(join(folder, name), readFileSync(data));
      },
      'found the folder that holds own.jsonl',
    ],
  ])('--force does not replace a folder with %s', (name, fill, message) => {
    const folder = join(work, `holds ${name}`);
    mkdirSync(folder);
    fill(folder);
    const own = existsSync(join(folder, 'own.jsonl')) ? join(folder, 'own.jsonl') : data;
    const { status, stderr } = train(`holds ${name}`, ...CLASSIFIER, '--data', own, '--force');
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining(message) });
    expect(readdirSync(folder).length).toBeGreaterThan(0);
  });

  it('a folder that is there already', () => {
    const { status, stderr } = lsllama(argsOf('.', ...CLASSIFIER, '--data', data));
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringContaining('already exists; --force replaces it'),
    });
  });
});
