// Exports of damaged checkpoints. Each ends in a clear error or in a model folder, never in a crash, a hang, or an
// allocation far larger than the files.

import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { UserError } from '../dist/errors.js';
import { exportModel } from '../dist/model/export.js';
import type { DeviceRequest } from '../dist/model/recipe.js';
import { CHECKPOINTS, ROOT, requestOf, temporaryFolder } from './support/fixtures.js';

const RUNS = 10_000;

const work = temporaryFolder();
const out = join(work, 'out');

/** A checkpoint, and those of its files that are damaged. */
interface Target {
  readonly request: DeviceRequest;
  readonly files: readonly string[];
}

const targets: Target[] = [];

beforeAll(() => {
  const name = 'ls_llama_seq';
  const folder = join(work, name);
  cpSync(join(CHECKPOINTS, name), folder, { recursive: true });
  const request = { ...requestOf(name), base: join(folder, 'base'), adapters: [join(folder, 'adapter')] };
  const found = ['base', 'adapter'].flatMap(part =>
    readdirSync(join(folder, part)).map(file => join(folder, part, file)),
  );
  targets.push({
    request,
    files: found.filter(file => /\.(json|safetensors)$/.test(file)),
  });

  const gguf = join(work, 'llama.gguf');
  cpSync(join(ROOT, 'test/fixtures/gguf/llama.gguf'), gguf);
  targets.push({
    request: {
      base: gguf,
      adapters: [headAlone(join(work, 'head'), 2, 32)],
      tokenizer: join(CHECKPOINTS, name, 'base'),
      labels: ['a', 'b'],
      precision: 'float32',
      maxLength: 16,
    },
    files: [gguf],
  });

  // The tokenizer of this file is in its metadata.
  const qwen2 = join(work, 'qwen2.gguf');
  const architectures = join(ROOT, 'test/fixtures/gguf/architectures');
  cpSync(join(architectures, 'qwen2.gguf'), qwen2);
  targets.push({
    request: {
      base: qwen2,
      adapters: [join(architectures, 'head')],
      labels: ['a', 'b', 'c'],
      precision: 'float32',
      maxLength: 16,
    },
    files: [qwen2],
  });
});

/** An adapter that holds a label head and changes nothing else. */
function headAlone(folder: string, labels: number, hidden: number): string {
  const config = { peft_type: 'LORA', task_type: 'SEQ_CLS', r: 1, lora_alpha: 1, modules_to_save: ['score'] };
  const data = new Float32Array(labels * hidden).fill(0.1);
  const tensor = { dtype: 'F32', shape: [labels, hidden], data_offsets: [0, data.byteLength] };
  mkdirSync(folder);
  writeFileSync(join(folder, 'adapter_config.json'), JSON.stringify(config));
  writeFileSync(
    join(folder, 'adapter_model.safetensors'),
    Buffer.concat([
      ...safetensorsHeader({ 'base_model.model.score.weight': tensor }),
      Buffer.from(data.buffer),
    ]),
  );
  return folder;
}

function safetensorsHeader(header: unknown): [prefix: Buffer, json: Buffer] {
  const json = Buffer.from(JSON.stringify(header) ?? '');
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(json.length));
  return [prefix, json];
}

/** The size of the largest buffer that was allocated, in bytes. */
let largest = 0;

beforeAll(() => {
  for (const name of ['Float32Array', 'Uint8Array', 'Uint16Array', 'Uint32Array', 'Float64Array'] as const) {
    const Original = globalThis[name];
    const counted = new Proxy(Original, {
      construct(target, args, newTarget) {
        const [length] = args;
        if (typeof length === 'number') largest = Math.max(largest, length * target.BYTES_PER_ELEMENT);
        return Reflect.construct(target, args, newTarget) as object;
      },
    });
    vi.stubGlobal(name, counted);
  }
});
afterAll(() => void vi.unstubAllGlobals());

const odd: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    ...[
      null,
      true,
      false,
      0,
      -1,
      1,
      2,
      3,
      7,
      0.5,
      -0.0,
      1e9,
      2 ** 31,
      2 ** 53,
      1e308,
      '',
      'x',
      'llama',
      'gemma2',
    ],
    ...[
      [],
      {},
      [[]],
      [0],
      [1, 2],
      ['score'],
      { a: 1 },
      'yarn',
      'F32',
      'BF16',
      'q_proj',
      '__proto__',
      '.*',
      '(',
      'all',
    ],
  ),
  fc.integer(),
  fc.double(),
  fc.string(),
);

/** The damage to a JSON document: the index of one of its fields, and the new value; undefined deletes the field. */
const jsonDamage = fc.tuple(fc.nat(10_000), fc.option(odd, { nil: undefined }));
const byteDamage = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at: fc.nat(5_000), byte: fc.nat(255) }),
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat(200_000), byte: fc.nat(255) }),
  fc.record({ kind: fc.constant('insert' as const), at: fc.nat(5_000), byte: fc.nat(255) }),
);

const damage = fc.record({
  target: fc.nat(100),
  file: fc.nat(100),
  json: fc.array(jsonDamage, { minLength: 1, maxLength: 3 }),
  bytes: fc.option(fc.array(byteDamage, { minLength: 1, maxLength: 3 }), { nil: undefined, freq: 3 }),
});

it(`refuses or exports ${RUNS} damaged checkpoints`, { timeout: 600_000 }, async () => {
  let exported = 0;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(damage, async ({ target, file, json, bytes }) => {
      const { request, files } = targets[target % targets.length]!;
      const path = files[file % files.length]!;
      const original = readFileSync(path);
      const totalBytes = files.reduce((sum, name) => sum + statSync(name).size, 0);
      largest = 0;
      try {
        writeFileSync(path, bytes ? damageBytes(original, bytes) : damageContent(path, original, json));
        await exportModel(request, out, { force: true, verify: false });
        exported++;
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        expect(error.message).toMatch(/^[^\p{Cc}]{10,1000}$/u);
        expect(error.message).not.toMatch(/undefined|NaN|\[object/);
        refused++;
      } finally {
        writeFileSync(path, original);
      }
      // As float32, a Q4 weight takes eight times its bytes. Buffers of fixed sizes take up to 8 MiB.
      expect(largest).toBeLessThanOrEqual(Math.max(8 * totalBytes, 1 << 23));
    }),
    { numRuns: RUNS },
  );
  rmSync(out, { recursive: true, force: true });
  expect(exported + refused).toBe(RUNS);
  expect(Math.min(exported, refused)).toBeGreaterThan(RUNS / 50);
});

function damageBytes(
  original: Buffer,
  changes: readonly { kind: 'flip' | 'cut' | 'insert'; at: number; byte: number }[],
): Buffer {
  return changes.reduce<Buffer>((bytes, { kind, at, byte }) => {
    const offset = bytes.length === 0 ? 0 : at % bytes.length;
    const [before, after] = [bytes.subarray(0, offset), bytes.subarray(offset)];
    if (kind === 'cut') return Buffer.from(before);
    return Buffer.concat([before, Buffer.of(byte), kind === 'flip' ? after.subarray(1) : after]);
  }, original);
}

/** Changes fields of a file's JSON: of a .json file, or of the header of a safetensors file. */
function damageContent(path: string, original: Buffer, changes: readonly [number, unknown][]): Buffer {
  if (path.endsWith('.json')) return Buffer.from(JSON.stringify(damageJson(parse(original), changes)) ?? '');
  if (!path.endsWith('.safetensors')) return Buffer.from(original);
  const length = Number(original.readBigUInt64LE());
  const header = damageJson(parse(original.subarray(8, 8 + length)), changes);
  return Buffer.concat([...safetensorsHeader(header), original.subarray(8 + length)]);
}

function parse(bytes: Buffer): unknown {
  return JSON.parse(bytes.toString());
}

function damageJson(document: unknown, changes: readonly [number, unknown][]): unknown {
  for (const [index, value] of changes) {
    const fields = fieldsOf(document).filter(([, , depth]) => depth < 4);
    const [parent, key] = fields[index % fields.length] ?? [];
    if (!parent || key === undefined) return value;
    if (value === undefined) delete parent[key];
    // The next change may alter this value, and later runs draw the same object again, so it is copied.
    else parent[key] = structuredClone(value);
  }
  return document;
}

type Field = readonly [parent: Record<string, unknown>, key: string, depth: number];

/** Every field of a document at any depth; of an object with many, such as a vocabulary, only the first 60. */
function fieldsOf(value: unknown, depth = 0): Field[] {
  if (typeof value !== 'object' || value === null) return [];
  const parent = value as Record<string, unknown>;
  return Object.keys(parent)
    .slice(0, 60)
    .flatMap(key => [[parent, key, depth] as const, ...fieldsOf(parent[key], depth + 1)]);
}
