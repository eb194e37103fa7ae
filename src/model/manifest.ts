// model.json: what a finished model folder says of itself.

import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Ajv2020, type JSONSchemaType } from 'ajv/dist/2020.js';
import type { LayerChoice } from '../calibrate/calibrate.js';
import { readJsonObject } from '../checkpoint/files.js';
import { UserError } from '../errors.js';
import { PRECISIONS, type PrecisionName } from '../graph/precisionNames.js';
import type { Verification } from '../verify/verify.js';

export type Task = 'sequence' | 'token';
export type Attention = 'causal' | 'bidirectional';
export type Pooling = 'last' | 'mean' | 'max';
export type ProblemType = 'single' | 'multi';

/** A checkpoint by the content of its files. */
export interface Identity {
  readonly name: string;
  readonly sha256: string;
}

export interface Manifest {
  readonly name: string;
  /** A short hash of everything that went in: the same version means the same answers. */
  readonly version: string;
  readonly task: Task;
  readonly attention: Attention;
  /** The first layer without the causal mask, where attention is bidirectional. */
  readonly bidirectionalFrom: number;
  /** Null for token tasks. */
  readonly pooling: Pooling | null;
  readonly problemType: ProblemType;
  /** In the order of the head's rows. */
  readonly labels: string[];
  readonly precision: PrecisionName;
  /** In tokens, special tokens counted. */
  readonly maxLength: number;
  /** Last-token pooling skips it on the right. Null where the base names none. */
  readonly padTokenId: number | null;
  /** Tokens that have an embedding. */
  readonly vocabSize: number;
  readonly base: Identity;
  readonly adapters: Identity[];
  readonly exporter: string;
  /** Bytes of each other file in the folder: one that is cut short is told before it is loaded. */
  readonly files: Readonly<Record<string, number>>;
  /** What each layer needed at int8. Null at other precisions, and where it was not measured. */
  readonly quantisation: readonly LayerChoice[] | null;
  /** Null where it was skipped, and in folders written before there was one. */
  readonly verification: Verification | null;
}

export const MANIFEST = 'model.json';

/** Bytes of each file in a model folder. */
export function fileSizes(folder: string): Record<string, number> {
  const names = readdirSync(folder).filter(name => name !== MANIFEST);
  return Object.fromEntries(names.map(name => [name, statSync(join(folder, name)).size]));
}

const identity = {
  type: 'object',
  required: ['name', 'sha256'],
  properties: { name: { type: 'string' }, sha256: { type: 'string' } },
} as const;

const schema = {
  type: 'object',
  required: [
    'name',
    'version',
    'task',
    'attention',
    'bidirectionalFrom',
    'problemType',
    'labels',
    'precision',
    'maxLength',
    'base',
    'adapters',
    'exporter',
    'files',
    'pooling',
    'padTokenId',
    'vocabSize',
    'quantisation',
    'verification',
  ],
  properties: {
    name: { type: 'string' },
    version: { type: 'string' },
    task: { enum: ['sequence', 'token'] },
    attention: { enum: ['causal', 'bidirectional'] },
    bidirectionalFrom: { type: 'integer', minimum: 0 },
    pooling: { enum: ['last', 'mean', 'max', null] },
    problemType: { enum: ['single', 'multi'] },
    labels: { type: 'array', items: { type: 'string' }, minItems: 2 },
    precision: { enum: PRECISIONS },
    maxLength: { type: 'integer', minimum: 1 },
    padTokenId: { type: ['integer', 'null'] },
    vocabSize: { type: 'integer', minimum: 1 },
    base: identity,
    adapters: { type: 'array', items: identity },
    exporter: { type: 'string' },
    files: { type: 'object', additionalProperties: { type: 'integer' } },
    quantisation: {
      type: ['array', 'null'],
      items: {
        type: 'object',
        required: ['modules', 'stored', 'step', 'smoothing', 'error'],
        properties: {
          modules: { type: 'array', items: { type: 'string' } },
          stored: { enum: ['int8', 'float32'] },
          step: { type: ['number', 'null'] },
          smoothing: { type: 'number' },
          error: { type: 'number' },
        },
      },
    },
    verification: {
      type: ['object', 'null'],
      required: ['maxDifference', 'texts', 'layers'],
      properties: {
        maxDifference: { type: 'number' },
        texts: { type: 'integer' },
        layers: { type: 'integer' },
      },
    },
  },
} as const;

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
const isManifest = ajv.compile<Manifest>(schema as unknown as JSONSchemaType<Manifest>);

export function isModelFolder(folder: string): boolean {
  return existsSync(join(folder, MANIFEST));
}

/** Reads `folder`/model.json. Throws UserError where it is missing, does not match its schema or its files. */
export function readManifest(folder: string): Manifest {
  const manifest: unknown = readJsonObject(join(folder, MANIFEST));
  if (isManifest(manifest)) {
    checkFiles(folder, manifest);
    return manifest;
  }
  throw new UserError(
    `${basename(folder)}/${MANIFEST}: ${ajv.errorsText(isManifest.errors, { dataVar: 'model' })}`,
  );
}

/** What verification measured, in words. */
export function verificationText({ verification }: Manifest): string {
  if (!verification) return 'not verified';
  const { maxDifference, texts, layers } = verification;
  const difference = maxDifference.toExponential(1);
  return `logits at most ${difference} from those of the checkpoint, over ${layers} layers and ${texts} texts`;
}

function checkFiles(folder: string, { files }: Manifest): void {
  for (const [name, bytes] of Object.entries(files)) {
    const found = statSync(join(folder, name), { throwIfNoEntry: false })?.size;
    if (found === bytes) continue;
    throw new UserError(
      `${basename(folder)}/${name}: expected ${bytes} bytes, found ${found ?? 'no such file'}: the model folder is damaged`,
    );
  }
}
