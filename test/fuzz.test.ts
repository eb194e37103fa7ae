// Damaged checkpoints: every one ends in a clear error or in a model that loads, never in a crash, a hang, or an
// allocation beyond what the files hold.

import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { UserError } from '../dist/errors.js';
import { exportModel } from '../dist/model/export.js';
import type { ExportRequest } from '../dist/model/recipe.js';
import { CHECKPOINTS, ROOT, requestOf, temporaryFolder } from './support/fixtures.js';

const RUNS = 10_000;

const work = temporaryFolder();
const out = join(work, 'out');

interface Victim {
  readonly request: ExportRequest;
  /** Files that are damaged, by what they are. */
  readonly files: readonly string[];
}

const victims: Victim[] = [];

beforeAll(() => {
  const name = 'ls_llama_seq';
  const folder = join(work, name);
  cpSync(join(CHECKPOINTS, name), folder, { recursive: true });
  const request = { ...requestOf(name), base: join(folder, 'base'), adapters: [join(folder, 'adapter')] };
  const found = ['base', 'adapter'].flatMap(part =>
    readdirSync(join(folder, part)).map(file => join(folder, part, file)),
  );
  victims.push({
    request,
    files: found.filter(file => /\.(json|safetensors)$/.test(file)),
  });

  const gguf = join(work, 'llama.gguf');
  cpSync(join(ROOT, 'test/fixtures/gguf/llama.gguf'), gguf);
  victims.push({
    request: {
      base: gguf,
      adapters: [headAlone(join(work, 'head'), 2, 32)],
      tokenizer: join(CHECKPOINTS, name, 'base'),
      labels: ['a', 'b'],
      maxLength: 16,
    },
    files: [gguf],
  });

  // its tokenizer is its own
  const whole = join(work, 'qwen2.gguf');
  const architectures = join(ROOT, 'test/fixtures/gguf/architectures');
  cpSync(join(architectures, 'qwen2.gguf'), whole);
  victims.push({
    request: {
      base: whole,
      adapters: [join(architectures, 'head')],
      labels: ['a', 'b', 'c'],
      maxLength: 16,
    },
    files: [whole],
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

/** The largest buffer asked for. Bytes. */
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

/** How to damage a JSON document: which of its places, and what stands there after; nothing to leave it out. */
const jsonDamage = fc.tuple(fc.nat(10_000), fc.option(odd, { nil: undefined }));
const byteDamage = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at: fc.nat(5_000), byte: fc.nat(255) }),
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat(200_000), byte: fc.nat(255) }),
  fc.record({ kind: fc.constant('insert' as const), at: fc.nat(5_000), byte: fc.nat(255) }),
);

const damage = fc.record({
  victim: fc.nat(100),
  file: fc.nat(100),
  json: fc.array(jsonDamage, { minLength: 1, maxLength: 3 }),
  bytes: fc.option(fc.array(byteDamage, { minLength: 1, maxLength: 3 }), { nil: undefined, freq: 3 }),
});

it(`refuses or exports ${RUNS} damaged checkpoints`, { timeout: 600_000 }, async () => {
  let exported = 0;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(damage, async ({ victim, file, json, bytes }) => {
      const { request, files } = victims[victim % victims.length]!;
      const path = files[file % files.length]!;
      const whole = readFileSync(path);
      const held = files.reduce((sum, name) => sum + statSync(name).size, 0);
      largest = 0;
      try {
        writeFileSync(path, bytes ? damageBytes(whole, bytes) : damageContent(path, whole, json));
        await exportModel(request, out, { force: true, verify: false });
        exported++;
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        expect(error.message).toMatch(/^[^\p{Cc}]{10,1000}$/u);
        expect(error.message).not.toMatch(/undefined|NaN|\[object/);
        refused++;
      } finally {
        writeFileSync(path, whole);
      }
      // a Q4 weight becomes eight times its bytes as float32; the smallest buffers are of a fixed size
      expect(largest).toBeLessThanOrEqual(Math.max(8 * held, 1 << 23));
    }),
    { numRuns: RUNS },
  );
  rmSync(out, { recursive: true, force: true });
  expect(exported + refused).toBe(RUNS);
  expect(Math.min(exported, refused)).toBeGreaterThan(RUNS / 50);
});

function damageBytes(
  whole: Buffer,
  changes: readonly { kind: 'flip' | 'cut' | 'insert'; at: number; byte: number }[],
): Buffer {
  return changes.reduce<Buffer>((bytes, { kind, at, byte }) => {
    const place = bytes.length === 0 ? 0 : at % bytes.length;
    const [before, after] = [bytes.subarray(0, place), bytes.subarray(place)];
    if (kind === 'cut') return Buffer.from(before);
    return Buffer.concat([before, Buffer.of(byte), kind === 'flip' ? after.subarray(1) : after]);
  }, whole);
}

/** The JSON of a file changed in places: the document itself, or a safetensors header. */
function damageContent(path: string, whole: Buffer, changes: readonly [number, unknown][]): Buffer {
  if (path.endsWith('.json')) return Buffer.from(JSON.stringify(damageJson(parse(whole), changes)) ?? '');
  if (!path.endsWith('.safetensors')) return Buffer.from(whole);
  const length = Number(whole.readBigUInt64LE());
  const header = damageJson(parse(whole.subarray(8, 8 + length)), changes);
  return Buffer.concat([...safetensorsHeader(header), whole.subarray(8 + length)]);
}

function parse(bytes: Buffer): unknown {
  return JSON.parse(bytes.toString());
}

function damageJson(document: unknown, changes: readonly [number, unknown][]): unknown {
  for (const [place, value] of changes) {
    const places = placesOf(document).filter(([, , depth]) => depth < 4);
    const [parent, key] = places[place % places.length] ?? [];
    if (!parent || key === undefined) return value;
    if (value === undefined) delete parent[key];
    // the next change may damage it: not the value that later runs draw again
    else parent[key] = structuredClone(value);
  }
  return document;
}

type Place = readonly [parent: Record<string, unknown>, key: string, depth: number];

/** Every place of a document, those of large parts (a vocabulary) no more than the first few. */
function placesOf(value: unknown, depth = 0): Place[] {
  if (typeof value !== 'object' || value === null) return [];
  const parent = value as Record<string, unknown>;
  return Object.keys(parent)
    .slice(0, 60)
    .flatMap(key => [[parent, key, depth] as const, ...placesOf(parent[key], depth + 1)]);
}
