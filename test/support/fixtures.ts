// The committed checkpoints and their golden logits, and helpers that export them into a temporary folder.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { exportModel } from '../../dist/model/export.js';
import type { DeviceRequest } from '../../dist/model/recipe.js';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const CHECKPOINTS = join(ROOT, 'test/fixtures/checkpoints');

/** An input with the token ids and logits that transformers and PEFT compute. */
export interface Golden {
  readonly input_ids: number[];
  readonly text?: string;
  readonly words?: string[];
  /** Position in `input_ids` of each word's first token. */
  readonly first_token_index?: number[];
  /** [labels] of a sequence, [words, labels] of a list of words. */
  readonly logits: number[] | number[][];
}

/** Makes a temporary folder that is removed after the tests of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lsllama-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function checkpointNames(): string[] {
  return readdirSync(CHECKPOINTS, { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(entry => entry.name);
}

export function goldensOf(name: string): Golden[] {
  return readJson(join(CHECKPOINTS, name, 'golden.json')) as Golden[];
}

/** The export request that a checkpoint's case.json describes. */
export function requestOf(name: string): DeviceRequest {
  const folder = join(CHECKPOINTS, name);
  const { task, attention, pooling, labels, max_length } = readJson(join(folder, 'case.json')) as CaseFile;
  return {
    base: join(folder, 'base'),
    adapters: [join(folder, 'adapter')],
    task,
    attention,
    ...(pooling && { pooling }),
    labels,
    precision: 'float32',
    maxLength: max_length,
  };
}

/** Exports a checkpoint into a folder of its name in `out`. Returns that folder. */
export async function exportCheckpoint(
  name: string,
  out: string,
  changes: Partial<DeviceRequest> = {},
): Promise<string> {
  const folder = join(out, name);
  await exportModel({ ...requestOf(name), ...changes }, folder);
  return folder;
}

export function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

export function readJsonLines<T>(path: string): T[] {
  return readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as T);
}

/** The largest absolute difference between two lists of numbers; Infinity if their lengths differ. */
export function worstDifference(expected: ArrayLike<number>, found: ArrayLike<number>): number {
  if (expected.length !== found.length) return Number.POSITIVE_INFINITY;
  return Array.from(expected).reduce((worst, value, i) => Math.max(worst, Math.abs(value - found[i]!)), 0);
}

interface CaseFile {
  readonly task: 'sequence' | 'token';
  readonly attention: 'causal' | 'bidirectional';
  readonly pooling: 'last' | 'mean' | 'max' | null;
  readonly labels: string[];
  readonly max_length: number;
}
