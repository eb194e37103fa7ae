// A long sequence in chunks: its logits are those of one pass, wherever it is divided.

import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Sequence } from '../../dist/engine/sequence.js';
import { Session } from '../../dist/engine/session.js';
import { exportModel } from '../../dist/model/export.js';
import type { DeviceRequest } from '../../dist/model/recipe.js';
import { MODEL_FILE, pastNamesAmong } from '../../dist/onnx/contract.js';
import { readGraph } from '../../dist/onnx/modelFile.js';
import { readJson, requestOf, temporaryFolder, worstDifference } from '../support/fixtures.js';

const CPU = { device: 'cpu', threads: 1 };
const LONG = { maxLength: 600 };
const out = temporaryFolder();

async function exported(name: string, changes: Partial<DeviceRequest>): Promise<string> {
  const folder = join(out, `${name}-${JSON.stringify(changes).replaceAll(/\W/g, '')}`);
  // The bases of the fixtures are short.
  const base = join(temporaryFolder(), 'base');
  cpSync(requestOf(name).base, base, { recursive: true });
  const config = readJson(join(base, 'config.json')) as object;
  writeFileSync(join(base, 'config.json'), JSON.stringify({ ...config, max_position_embeddings: 1024 }));
  await exportModel({ ...requestOf(name), base, ...changes }, folder, { verify: false, calibrate: false });
  return folder;
}

const keeps = (folder: string) =>
  pastNamesAmong(readGraph(join(folder, MODEL_FILE)).input.map(({ name }) => name)).length > 0;

function sequenceOf(length: number, headPositions: readonly number[]): Sequence {
  const ids = Int32Array.from({ length }, (_, i) => (i * 7919) % 90);
  return { ids, headPositions: Int32Array.from(headPositions) };
}

async function inChunks(session: Session, sequence: Sequence, ends: readonly number[]): Promise<number[]> {
  const logits: number[] = [];
  let start = 0;
  for (const end of [...ends, sequence.ids.length]) {
    logits.push(...(await session.runChunk(sequence, { start, end })));
    start = end;
  }
  return logits;
}

describe.each([
  ['ls_llama_seq', 'float32'],
  ['ls_llama_seq', 'int8'],
  ['ls_llama_tok', 'float32'],
] as const)('%s at %s', (name, precision) => {
  let session: Session;
  beforeAll(async () => {
    session = await Session.load(await exported(name, { ...LONG, precision }), CPU);
  });

  it('gives the logits of one pass, wherever it is divided', async () => {
    expect(session.takesChunks).toBe(true);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 200 }),
        fc.uniqueArray(fc.integer({ min: 1, max: 199 }), { maxLength: 5 }),
        fc.uniqueArray(fc.integer({ min: 0, max: 199 }), { minLength: 1, maxLength: 6 }),
        async (length, cuts, heads) => {
          const own = heads.filter(position => position < length).sort((a, b) => a - b);
          const sequence = sequenceOf(length, own.length > 0 ? own : [length - 1]);
          const ends = cuts.filter(cut => cut < length).sort((a, b) => a - b);
          const [whole] = await session.run([sequence]);
          expect(worstDifference(await inChunks(session, sequence, ends), whole!)).toBeLessThan(1e-4);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('runs other batches between two chunks, with the same bits', async () => {
    const long = sequenceOf(150, [149]);
    const short = sequenceOf(20, [3, 19]);
    const expected = await inChunks(session, long, [60, 120]);
    const [alone] = await session.run([short]);
    const first = await session.runChunk(long, { start: 0, end: 60 });
    expect(await session.run([short, short])).toEqual([alone, alone]);
    const second = await session.runChunk(long, { start: 60, end: 120 });
    expect(await session.run([short])).toEqual([alone]);
    const third = await session.runChunk(long, { start: 120, end: 150 });
    expect([...first, ...second, ...third]).toEqual(expected);
  });

  it('refuses a chunk that does not follow the one before', async () => {
    const long = sequenceOf(150, [149]);
    await session.runChunk(long, { start: 0, end: 60 });
    await expect(session.runChunk(long, { start: 61, end: 120 })).rejects.toThrow(
      'expected the token 60 of a sequence, found token 61',
    );
    session.forget();
    await expect(session.runChunk(long, { start: 60, end: 120 })).rejects.toThrow(
      'expected the token 0 of a sequence, found token 60',
    );
  });
});

it.each([
  ['a short model', 'ls_llama_seq', { maxLength: 512 }, false],
  ['a long one', 'ls_llama_seq', LONG, true],
  ['float16', 'ls_llama_seq', { ...LONG, precision: 'float16' }, false],
  ['layers without the causal mask', 'ls_unllama_tok', LONG, false],
  ['a head that pools', 'ls_unllama_seq_mean', { ...LONG, attention: 'causal' }, false],
] as const)('%s', async (_, name, changes, expected) => {
  expect(keeps(await exported(name, changes))).toBe(expected);
});
