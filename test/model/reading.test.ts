// The reading of a model: its temperature and thresholds, where they are kept, and what they change.

import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { keepReading } from '../../dist/model/keepReading.js';
import { type Manifest, readManifest } from '../../dist/model/manifest.js';
import { checkedReading, versionOf, withReading } from '../../dist/model/reading.js';
import { Runtime } from '../../dist/predictor/runtime.js';
import { CHECKPOINTS, exportCheckpoint, readJson, temporaryFolder } from '../support/fixtures.js';

const work = temporaryFolder();
let exported: string;

beforeAll(async () => {
  exported = await exportCheckpoint('ls_llama_seq', work);
});

describe('the version', () => {
  it('names the export up to the dash, and the reading after it', () => {
    const version = versionOf('0123456789ab', { temperature: 2 });
    expect(version).toMatch(/^0123456789ab-[0-9a-f]{8}$/);
    expect(versionOf(version, { temperature: 2 })).toBe(version);
    expect(versionOf(version, { temperature: 3 })).not.toBe(version);
    expect(versionOf(version, { temperature: 1, thresholds: {} })).toBe('0123456789ab');
  });

  it('does not depend on the order of thresholds', () => {
    const [a, b] = [
      { x: 0.1, y: 0.2 },
      { y: 0.2, x: 0.1 },
    ].map(thresholds => versionOf('v', { thresholds }));
    expect(a).toBe(b);
  });
});

describe('a reading that does not fit the model is refused', () => {
  const model = { task: 'sequence', problemType: 'single', labels: ['a', 'b'] } as const;

  it.each([
    [{ thresholds: { c: 0.5 } }, {}, 'thresholds: expected labels of the model, a, b, found "c"'],
    [{ thresholds: { a: 0.5 } }, { task: 'token' }, 'thresholds: expected none for an entity tagger'],
    [{ temperature: 2 }, { problemType: 'regression' }, 'temperature: expected none for a regression'],
    [{ thresholds: { a: 1 } }, { problemType: 'regression' }, 'thresholds: expected none for a regression'],
  ] as const)('%j', (reading, changes, message) => {
    expect(() => checkedReading(reading, { ...model, ...changes })).toThrow(message);
  });

  it('in a manifest by its schema', () => {
    const folder = `${work}/broken`;
    cpSync(exported, folder, { recursive: true });
    const manifest = readManifest(folder);
    writeFileSync(
      `${folder}/model.json`,
      JSON.stringify({ ...manifest, temperature: 0, thresholds: { World: 2 } }),
    );
    expect(() => readManifest(folder)).toThrow(
      'temperature: expected a number above 0, found 0; thresholds.World: expected a number of at most 1, found 2',
    );
  });
});

describe('keeping a temperature', () => {
  it('in a model folder changes only the temperature and the version', () => {
    const folder = `${work}/kept`;
    cpSync(exported, folder, { recursive: true });
    const before = readManifest(folder);
    expect(keepReading(folder, { temperature: 1.5 })).toBe(`${folder}/model.json`);
    const after = readManifest(folder);
    expect(after).toEqual({
      ...before,
      temperature: 1.5,
      version: versionOf(before.version, { temperature: 1.5 }),
    });
    expect(readdirSync(folder).sort()).toEqual(readdirSync(exported).sort());
    keepReading(folder, { temperature: 1 });
    expect(readManifest(folder).version).toBe(before.version);
  });

  it('in a recipe leaves its other fields', () => {
    const folder = `${work}/recipe`;
    mkdirSync(folder);
    writeFileSync(`${folder}/recipe.json`, '{"base": "b", "labels": ["x", "y"]}');
    expect(keepReading(folder, { temperature: 0.8 })).toBe(`${folder}/recipe.json`);
    expect(readJson(`${folder}/recipe.json`)).toEqual({ base: 'b', labels: ['x', 'y'], temperature: 0.8 });
    expect(readdirSync(folder)).toEqual(['recipe.json']);
  });

  it('in a signed model folder is refused', () => {
    const folder = `${work}/signed`;
    cpSync(exported, folder, { recursive: true });
    writeFileSync(`${folder}/model.json.sig`, 'c2ln');
    const before = readFileSync(`${folder}/model.json`, 'utf8');
    expect(() => keepReading(folder, { temperature: 2 })).toThrow(
      /signed: the model folder is signed.*sign the folder then/,
    );
    expect(readFileSync(`${folder}/model.json`, 'utf8')).toBe(before);
  });
});

it('a recipe whose reading changes is not exported again, and has another version', async () => {
  const folder = `${work}/news`;
  const cache = `${work}/cache`;
  mkdirSync(folder);
  cpSync(`${CHECKPOINTS}/ls_llama_seq`, `${folder}/checkpoint`, { recursive: true });
  const recipe = { base: 'checkpoint/base', adapter: 'checkpoint/adapter', precision: 'float32' };
  const loaded = async (reading: object) => {
    writeFileSync(`${folder}/recipe.json`, JSON.stringify({ ...recipe, ...reading }));
    const runtime = new Runtime({ device: 'cpu', cache });
    try {
      const { manifest, isNew, folder: found } = await runtime.load('news', folder);
      return { manifest, isNew, found };
    } finally {
      await runtime.close();
    }
  };
  const plain = await loaded({});
  expect(plain.isNew).toBe(true);
  const reading = { temperature: 2, thresholds: { World: 0.9 } };
  const read = await loaded(reading);
  expect(read).toMatchObject({ isNew: false, found: plain.found, manifest: reading });
  expect(read.manifest).toEqual(withReading(plain.manifest as Manifest, reading));
  await expect(loaded({ thresholds: { Weather: 0.9 } })).rejects.toThrow(/thresholds: .*found "Weather"/);
});
