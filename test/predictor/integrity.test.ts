// Damaged files: an export in the cache is made again, and a user's own model folder is refused with the file's name.

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../../dist/errors.js';
import type { Manifest } from '../../dist/model/manifest.js';
import { Runtime } from '../../dist/predictor/runtime.js';
import { CHECKPOINTS, exportCheckpoint, goldensOf, temporaryFolder } from '../support/fixtures.js';
import { predictGolden } from '../support/golden.js';

const NAME = 'ls_llama_seq';
const [golden] = goldensOf(NAME);
const work = temporaryFolder();
const recipe = join(work, 'recipe');
const cache = join(work, 'cache');
let runtime: Runtime;
/** The recipe's export in the cache. */
let cached: string;
let own: string;

beforeAll(async () => {
  cpSync(join(CHECKPOINTS, NAME), recipe, { recursive: true });
  const content = { base: 'base', adapter: 'adapter', attention: 'causal', precision: 'float32' };
  writeFileSync(join(recipe, 'recipe.json'), JSON.stringify(content));
  runtime = new Runtime({ device: 'cpu', cache });
  ({ folder: cached } = await runtime.load('first', recipe));
  own = await exportCheckpoint(NAME, work);
});
afterAll(() => runtime.close());

function invertByte(path: string, offset: number): void {
  const bytes = readFileSync(path);
  bytes[offset]! ^= 0xff;
  writeFileSync(path, bytes);
}

const DAMAGES: [string, (folder: string) => void][] = [
  ['one byte of the weights is inverted', folder => invertByte(join(folder, 'model.onnx.data'), 1000)],
  ['one byte of the graph is inverted', folder => invertByte(join(folder, 'model.onnx'), 40)],
  ['the graph is of another kind', folder => replaceBySpaces(join(folder, 'model.onnx'))],
  ['the tokenizer is another one', folder => swapTokens(join(folder, 'tokenizer.json'))],
  ['the tokenizer is no JSON', folder => replaceBySpaces(join(folder, 'tokenizer.json'))],
  ['the weights are missing', folder => rmSync(join(folder, 'model.onnx.data'))],
  [
    'a file that changes the tokens was added',
    folder => writeFileSync(join(folder, 'added_tokens.json'), '{}'),
  ],
];

function replaceBySpaces(path: string): void {
  writeFileSync(path, ' '.repeat(readFileSync(path).length));
}

/** Gives two tokens each other's ids. The file keeps its size. */
function swapTokens(path: string): void {
  const tokenizer = JSON.parse(readFileSync(path, 'utf8'));
  const { vocab } = tokenizer.model;
  const [one, two] = Object.keys(vocab).slice(20, 22) as [string, string];
  [vocab[one], vocab[two]] = [vocab[two], vocab[one]];
  writeFileSync(path, JSON.stringify(tokenizer));
}

describe('an export in the cache is made again where', () => {
  it.each([
    ...DAMAGES,
    ['the manifest is missing', (folder: string) => rmSync(join(folder, 'model.json'))] as const,
  ])('%s', async (_, damage) => {
    damage(cached);
    const reasons: string[] = [];
    const model = await runtime.load(`again ${_}`, recipe, { onDamaged: reason => reasons.push(reason) });
    expect(reasons).toHaveLength(1);
    const { logits } = await predictGolden(model, golden!);
    for (const [i, logit] of logits.entries()) expect(logit).toBeCloseTo((golden!.logits as number[])[i]!, 4);
    expect(readdirSync(cache).filter(name => name.startsWith('recipe'))).toHaveLength(1);
  });

  it('is not made again where it is intact', async () => {
    const reasons: string[] = [];
    await runtime.load('intact', recipe, { onDamaged: reason => reasons.push(reason) });
    expect(reasons).toEqual([]);
  });
});

describe('a user’s own model folder is refused where', () => {
  it.each(DAMAGES)('%s', async (_, damage) => {
    const folder = join(work, 'damaged');
    rmSync(folder, { recursive: true, force: true });
    cpSync(own, folder, { recursive: true });
    damage(folder);
    await expect(runtime.load(`own ${_}`, folder)).rejects.toThrow(
      /^damaged\/(model\.onnx|tokenizer\.json|model\.onnx\.data|added_tokens\.json): (expected|not valid JSON)/,
    );
    expect(existsSync(folder)).toBe(true);
  });

  it.each(['../outside', '/etc/passwd', '..', 'a/b'])('the manifest names the file %s', async name => {
    const folder = join(work, 'outside');
    mkdirSync(folder, { recursive: true });
    const manifest = JSON.parse(readFileSync(join(own, 'model.json'), 'utf8')) as Manifest;
    writeFileSync(
      join(folder, 'model.json'),
      JSON.stringify({ ...manifest, files: { ...manifest.files, [name]: 7 } }),
    );
    rmSync(join(folder, 'model.onnx'), { force: true });
    await expect(runtime.load('outside', folder)).rejects.toThrow(UserError);
  });
});

it('a model folder that was written before there were hashes is loaded', async () => {
  const folder = join(work, 'older');
  cpSync(own, folder, { recursive: true });
  const { sha256: _, ...older } = JSON.parse(readFileSync(join(own, 'model.json'), 'utf8')) as Manifest;
  writeFileSync(join(folder, 'model.json'), JSON.stringify(older));
  const model = await runtime.load('older', folder);
  expect(model.manifest.sha256).toBeUndefined();
});
