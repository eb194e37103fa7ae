// `lsllama inspect` describes a folder or file, and says what an export of it would refuse.

import { cpSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { lsllama } from './support/cli.js';
import { CHECKPOINTS, exportCheckpoint, ROOT, temporaryFolder } from './support/fixtures.js';

const work = temporaryFolder();
const checkpoint = `${CHECKPOINTS}/ls_unllama_tok`;

/** Runs the command. `facts` are the printed lines by topic; the last line of a topic counts. */
function inspect(path: string): { status: number | null; stderr: string; facts: Record<string, string> } {
  const { status, stdout, stderr } = lsllama(['inspect', path]);
  const facts = stdout
    .split('\n')
    .filter(Boolean)
    .map(line => line.split(/ {2,}/) as [string, string]);
  return { status, stderr, facts: Object.fromEntries(facts) };
}

describe('inspect', () => {
  it('describes a base', () => {
    const { status, facts } = inspect(`${checkpoint}/base`);
    expect(status).toBe(0);
    expect(facts).toMatchObject({
      family: expect.stringMatching(/^llama, [\d.]+ million parameters$/),
      layers: expect.stringMatching(/^3 of hidden size 64, MLP 160 \(silu\)$/),
      attention: expect.stringMatching(/4 heads of 16, 2 for keys and values, seeing all tokens/),
      head: expect.stringMatching(/^score\.weight \[9, 64\]/),
    });
  });

  it('describes a base whose labels cannot be used', () => {
    cpSync(`${checkpoint}/base`, `${work}/gap`, { recursive: true });
    const config = JSON.parse(readFileSync(`${work}/gap/config.json`, 'utf8')) as object;
    writeFileSync(`${work}/gap/config.json`, JSON.stringify({ ...config, id2label: { 0: 'a', 2: 'b' } }));
    expect(inspect(`${work}/gap`).facts).toMatchObject({
      family: expect.stringMatching(/^llama/),
      labels: expect.stringMatching(/^refused: config\.json: id2label: .*found none for row 1/),
    });
  });

  it('prints labels that would change what a terminal shows in one line', () => {
    cpSync(`${checkpoint}/base`, `${work}/escape`, { recursive: true });
    const config = JSON.parse(readFileSync(`${work}/escape/config.json`, 'utf8')) as object;
    const id2label = { 0: 'a\u001b[2J', 1: 'b\nhead  forged' };
    writeFileSync(`${work}/escape/config.json`, JSON.stringify({ ...config, id2label }));
    expect(inspect(`${work}/escape`).facts).toMatchObject({
      head: expect.stringMatching(/^score/),
      labels: expect.stringMatching(/^2: a\ufffd\[2J, b\ufffdhead/),
    });
  });

  it('describes a GGUF file', () => {
    const { status, facts } = inspect(`${ROOT}/test/fixtures/gguf/llama.gguf`);
    expect(status).toBe(0);
    expect(facts).toMatchObject({
      family: expect.stringMatching(/^llama/),
      head: expect.stringMatching(/^none/),
    });
  });

  it("describes a GGUF file's own tokenizer", () => {
    const folder = `${ROOT}/test/fixtures/gguf/architectures`;
    expect(inspect(`${folder}/qwen2.gguf`).facts.tokenizer).toBe(
      "the file's own, 0 special tokens around a text",
    );
    expect(inspect(`${folder}/gemma2.gguf`).facts.tokenizer).toMatch(
      /^refused: gemma2\.gguf, with no tokenizer\.json beside it: .*--tokenizer$/,
    );
  });

  it('describes an adapter', () => {
    const { status, facts } = inspect(`${checkpoint}/adapter`);
    expect(status).toBe(0);
    expect(facts).toMatchObject({
      kind: 'LoRA',
      task: 'token classification',
      changes: expect.stringMatching(/^rank 12, scale 2\.667: 3 × q_proj, 3 × v_proj$/),
      trained: expect.stringMatching(/score\.weight \[9, 64\]/),
    });
  });

  it('describes a recipe folder and a model folder', async () => {
    expect(inspect(`${ROOT}/models/conll03-unllama`).facts).toMatchObject({
      task: 'token classification, bidirectional',
      refused: 'nothing',
    });
    const { facts } = inspect(await exportCheckpoint('ls_unllama_tok', work));
    expect(facts).toMatchObject({
      model: expect.stringMatching(/^ls_unllama_tok, version [0-9a-f]{12}$/),
      labels: expect.stringMatching(/^9: O, B-PER/),
      base: expect.stringMatching(/SHA-256 [0-9a-f]{64}$/),
    });
  });

  it('lists the folders of a folder with their kind, task and labels', async () => {
    const { status, facts } = inspect(`${ROOT}/models`);
    expect(status).toBe(0);
    expect(facts).toEqual({
      'agnews-llama':
        'recipe, sequence classification, causal, last pooling, 4 labels: Business, Sci/Tech, Sports, World',
      'conll03-unllama': expect.stringMatching(
        /^recipe, token classification, bidirectional, 9 labels: O, B-LOC/,
      ),
      'smollm2-135m-instruct': expect.stringMatching(/^base, llama, [\d.]+ million parameters$/),
    });
  });

  it('lists what would be refused, and leaves out other folders', async () => {
    const folder = temporaryFolder();
    const model = await exportCheckpoint('ls_llama_seq', folder);
    cpSync(model, `${folder}/damaged`, { recursive: true });
    truncateSync(`${folder}/damaged/model.onnx`, 10);
    cpSync(`${checkpoint}/adapter`, `${folder}/adapter`, { recursive: true });
    for (const name of ['broken', 'notes', '.partial']) mkdirSync(`${folder}/${name}`);
    writeFileSync(`${folder}/broken/recipe.json`, '{"base": "absent.gguf"}');
    cpSync(`${folder}/broken/recipe.json`, `${folder}/.partial/recipe.json`);
    expect(inspect(folder)).toMatchObject({ status: 0 });
    expect(inspect(folder).facts).toEqual({
      adapter: 'adapter, token classification',
      broken: expect.stringMatching(/^recipe, refused: base .*absent\.gguf: no such file/),
      damaged: expect.stringMatching(/^refused: damaged\/model\.onnx: expected \d+ bytes/),
      ls_llama_seq: 'model, sequence classification, 4 labels: World, Sports, Business, Sci/Tech',
    });
  });

  it('prints what an export would refuse, and does not fail', () => {
    cpSync(checkpoint, `${work}/odd`, { recursive: true });
    edit(`${work}/odd/adapter/adapter_config.json`, { peft_type: 'IA3' });
    edit(`${work}/odd/base/config.json`, { model_type: 'mamba' });
    expect(inspect(`${work}/odd/adapter`)).toMatchObject({
      status: 0,
      facts: { refused: expect.stringMatching(/peft_type.*"IA3"/) },
    });
    expect(inspect(`${work}/odd/base`)).toMatchObject({
      status: 0,
      facts: { refused: expect.stringMatching(/model_type: expected one of llama.*, found mamba/) },
    });
  });

  it('fails where the path does not exist', () => {
    expect(inspect(`${work}/absent`)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^error: .*no such file or folder\n$/),
    });
  });

  it('fails where a folder is of no kind, and says which kinds there are', () => {
    expect(inspect(temporaryFolder())).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(
        /model\.json.*recipe\.json.*adapter_config\.json.*config\.json.*found none/,
      ),
    });
  });
});

function edit(path: string, change: Record<string, unknown>): void {
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...change }));
}
