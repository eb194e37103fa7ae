// model.json: every field is checked, and a refusal says where, what was expected and what was found.

import { cpSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../../dist/errors.js';
import { type Manifest, readManifest, verificationText } from '../../dist/model/manifest.js';
import { exportCheckpoint, temporaryFolder } from '../support/fixtures.js';

const work = temporaryFolder();
let exported: string;
let manifest: Manifest;

beforeAll(async () => {
  exported = await exportCheckpoint('ls_unllama_tok', work, { precision: 'int8' });
  manifest = JSON.parse(readFileSync(`${exported}/model.json`, 'utf8'));
});

function readChanged(changes: Record<string, unknown>): Manifest {
  const folder = `${work}/changed`;
  cpSync(exported, folder, { recursive: true });
  writeFileSync(`${folder}/model.json`, JSON.stringify({ ...manifest, ...changes }));
  return readManifest(folder);
}

describe('the result of verification in words', () => {
  const textOf = (verification: unknown, precision = 'int8') =>
    verificationText({
      ...manifest,
      ...({ verification, precision } as Pick<Manifest, 'verification' | 'precision'>),
    });

  it('tells labels, logits, texts and layers', () => {
    const found = { maxDifference: 1.1498, texts: 4, layers: 30, positions: 28, sameLabels: 27 };
    expect(textOf(found)).toBe(
      'verified against the checkpoint on 4 texts, over all 30 layers: the same label at 27 of 28 positions, ' +
        'logits at most 1.1 apart, within the tolerance for int8',
    );
  });

  it('tells what an older exporter recorded, over the first layer', () => {
    expect(textOf({ maxDifference: 0.00001234, texts: 4, layers: 1 }, 'float32')).toBe(
      'verified against the checkpoint on 4 texts, over its first layer: ' +
        'logits at most 0.000012 apart, within the tolerance for float32',
    );
    expect(textOf(null)).toBe('not verified');
  });
});

describe('a manifest', () => {
  it('is read as it was written, at int8 with the choices of calibration', () => {
    expect(readManifest(exported)).toEqual(manifest);
    expect(manifest.quantisation?.length).toBeGreaterThan(0);
  });

  it('may have null for the fields that do not apply, and keys of later versions', () => {
    const changes = { pooling: null, padTokenId: null, quantisation: null, verification: null, later: 1 };
    expect(readChanged(changes)).toMatchObject(changes);
  });

  it.each<[Record<string, unknown>, string]>([
    [{ version: 7 }, 'version: expected string, found 7'],
    [{ task: 'regression' }, 'task: expected one of "sequence", "token", found "regression"'],
    [{ pooling: 'min' }, 'pooling: expected one of "last", "mean", "max", null, found "min"'],
    [{ precision: 'int4' }, 'precision: expected one of "float32", "float16", "int8", found "int4"'],
    [{ labels: [] }, 'labels: expected at least 1 items, found []'],
    [{ labels: ['a', 7] }, 'labels.1: expected string, found 7'],
    [{ maxLength: 0 }, 'maxLength: expected a number of at least 1, found 0'],
    [{ padTokenId: 'x' }, 'padTokenId: expected integer or null, found "x"'],
    [{ vocabSize: undefined }, 'expected the key vocabSize, found none'],
    [{ adapters: [{ name: 'a' }] }, 'adapters.0: expected the key sha256, found none'],
    [{ files: { 'model.onnx': '7' } }, 'files.model.onnx: expected integer, found "7"'],
    [{ verification: 'yes' }, 'verification: expected object or null, found "yes"'],
  ])('%j is refused', (changes, message) => {
    const read = () => readChanged(changes);
    expect(read).toThrow(new UserError(`changed/model.json: ${message}`));
  });

  it('of an exporter that counted no labels is read', () => {
    const verification = { maxDifference: 1.234, texts: 4, layers: 30 };
    expect(readChanged({ verification }).verification).toEqual(verification);
  });

  it('is refused where a file has another size', () => {
    readChanged({});
    truncateSync(`${work}/changed/model.onnx`, 10);
    expect(() => readManifest(`${work}/changed`)).toThrow(
      /^changed\/model\.onnx: expected \d+ bytes, found 10: the model folder is damaged$/,
    );
  });
});
