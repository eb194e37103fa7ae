// model.json, the manifest of a finished model folder.

import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readJsonObject } from '../checkpoint/files.js';
import { UserError } from '../errors.js';
import { PRECISIONS } from '../graph/precisionNames.js';
import { MARKER_POSITION, type Notation, readNotation } from '../text/notation.js';
import { DECODING } from '../text/tags.js';
import { type Document, documentChecker } from './document.js';

export const MANIFEST = 'model.json';

export const TASK = { enum: ['sequence', 'token'] } as const;
export const ATTENTION = { enum: ['causal', 'bidirectional'] } as const;
export const POOLING = { enum: ['last', 'mean', 'max'] } as const;
export const PROBLEM_TYPE = { enum: ['single', 'multi', 'binary', 'regression'] } as const;

export type Task = Document<typeof TASK>;
export type Attention = Document<typeof ATTENTION>;
export type Pooling = Document<typeof POOLING>;
export type ProblemType = Document<typeof PROBLEM_TYPE>;

/** By what logits are divided before they become probabilities. 1 where a model has none. */
export const TEMPERATURE = { type: 'number', exclusiveMinimum: 0 } as const;
/** The least probability with which a label is given, for some or all labels. */
export const THRESHOLDS = {
  type: 'object',
  additionalProperties: { type: 'number', minimum: 0, maximum: 1 },
} as const;

/** A base or an adapter, identified by the content of its files. */
const IDENTITY = {
  type: 'object',
  required: ['name', 'sha256'],
  properties: { name: { type: 'string' }, sha256: { type: 'string' } },
} as const;

export type Identity = Document<typeof IDENTITY>;

/** The int8 choice for linear layers that read the same values; see LayerChoice in calibrate/calibrate.ts. */
const LAYER_CHOICE = {
  type: 'object',
  required: ['modules', 'stored', 'step', 'smoothing', 'error'],
  properties: {
    modules: { type: 'array', items: { type: 'string' } },
    stored: { enum: ['int8', 'float32'] },
    step: { type: ['number', 'null'] },
    smoothing: { type: 'number' },
    error: { type: 'number' },
  },
} as const;

/** The result of comparing the export with the checkpoint; see Verification in verify/verify.ts. */
const VERIFICATION = {
  type: 'object',
  required: ['maxDifference', 'texts', 'layers'],
  properties: {
    maxDifference: { type: 'number' },
    texts: { type: 'integer' },
    layers: { type: 'integer' },
    /** Both are missing for a head of one row, and in model folders written before labels were counted. */
    positions: { type: 'integer' },
    sameLabels: { type: 'integer' },
  },
} as const;

/** Which of its two readings the tokenizer has; see tokenizerChoice.ts. */
const TOKENIZER_CHOICE = {
  type: 'object',
  required: ['asWritten', 'evidence'],
  properties: {
    /** Whether tokenizer.json was taken as written, as transformers 4 does, and not read as transformers 5 reads it. */
    asWritten: { type: 'boolean' },
    /** Why, as a clause. */
    evidence: { type: 'string' },
  },
} as const;

export type TokenizerRecord = Document<typeof TOKENIZER_CHOICE>;

/** How the labels of a tagger are written; see Notation in text/notation.ts. */
const NOTATION = {
  type: 'object',
  required: ['marker', 'separator', 'outside'],
  properties: {
    marker: MARKER_POSITION,
    separator: { type: 'string' },
    outside: { type: 'array', items: { type: 'string' } },
  },
} as const;

/** What the model predicted on the data on which it was evaluated, with which a service compares what it predicts. */
export const REFERENCE = {
  type: 'object',
  required: ['labels'],
  properties: {
    /** The share of each label among the predictions: of a text's label, or of the entities' labels. */
    labels: { type: 'object', additionalProperties: { type: 'number', minimum: 0, maximum: 1 } },
    /** The mean score of the predictions. A regression has none. */
    score: { type: 'number', minimum: 0, maximum: 1 },
  },
} as const;

export type Reference = Document<typeof REFERENCE>;

const SCHEMA = {
  type: 'object',
  required: [
    'name',
    'version',
    'task',
    'attention',
    'bidirectionalFrom',
    'pooling',
    'problemType',
    'labels',
    'precision',
    'maxLength',
    'padTokenId',
    'vocabSize',
    'base',
    'adapters',
    'exporter',
    'files',
    'quantisation',
    'verification',
  ],
  properties: {
    name: { type: 'string' },
    /**
     * A short hash of everything that went into the export, and after a dash one of the model's reading (reading.ts):
     * the same version gives the same answers.
     */
    version: { type: 'string' },
    task: TASK,
    attention: ATTENTION,
    /** The first layer without the causal mask; the number of layers where attention is causal. */
    bidirectionalFrom: { type: 'integer', minimum: 0 },
    /** Null for token tasks. */
    pooling: { enum: [...POOLING.enum, null] },
    problemType: PROBLEM_TYPE,
    /** In the order of the head's rows. A binary model, whose head has one row, may have two labels: no, yes. */
    labels: { type: 'array', items: { type: 'string' }, minItems: 1 },
    precision: { enum: PRECISIONS },
    /** In tokens, special tokens included. */
    maxLength: { type: 'integer', minimum: 1 },
    /** Last-token pooling skips this token at the right end. Null where the base names none. */
    padTokenId: { type: ['integer', 'null'] },
    /** How a tagger's labels are written. Classifiers have none; where a tagger has none, it is read from the labels. */
    scheme: NOTATION,
    /** How a tagger's logits become tags. The default is `valid`. */
    decoding: DECODING,
    /** Both belong to the model's reading; see reading.ts. */
    temperature: TEMPERATURE,
    thresholds: THRESHOLDS,
    /** Optional, because model folders that were written before there was a choice have none. */
    tokenizer: TOKENIZER_CHOICE,
    /** What the export told its user, one line each; see notes.ts. Optional, because older folders have none. */
    notes: { type: 'array', items: { type: 'string' } },
    /** The number of tokens that have an embedding. */
    vocabSize: { type: 'integer', minimum: 1 },
    base: IDENTITY,
    adapters: { type: 'array', items: IDENTITY },
    /** The version of the exporter. */
    exporter: { type: 'string' },
    /** The size in bytes of every other file in the folder, so that a truncated file is noticed before it is loaded. */
    files: { type: 'object', additionalProperties: { type: 'integer' } },
    /** The SHA-256 of the same files. Model folders that were written before there were hashes have none. */
    sha256: { type: 'object', additionalProperties: { type: 'string' } },
    /** The choices for all layers at int8. Null at other precisions, and where calibration was skipped. */
    quantisation: { anyOf: [{ type: 'array', items: LAYER_CHOICE }, { type: 'null' }] },
    /** Null where verification was skipped. */
    verification: { anyOf: [VERIFICATION, { type: 'null' }] },
    /** Missing until the model is evaluated. */
    reference: REFERENCE,
  },
} as const;

export type Manifest = Document<typeof SCHEMA>;

const checkManifest = documentChecker(SCHEMA);

export function isModelFolder(folder: string): boolean {
  return existsSync(join(folder, MANIFEST));
}

/**
 * Reads the manifest of a model folder.
 * Throws UserError where it is missing, does not match its schema, or gives other sizes than the folder's files have.
 */
export function readManifest(folder: string): Manifest {
  const name = `${basename(folder)}/${MANIFEST}`;
  const manifest = checkManifest(readJsonObject(join(folder, MANIFEST), name), name);
  checkFiles(folder, manifest);
  return manifest;
}

/** The size in bytes of each file in a model folder, the manifest excepted. */
export function fileSizes(folder: string): Record<string, number> {
  const names = readdirSync(folder).filter(name => name !== MANIFEST);
  return Object.fromEntries(names.map(name => [name, statSync(join(folder, name)).size]));
}

/** How a tagger's labels are written. Folders that were written before it was kept have it only in their labels. */
export function notationOf({ labels, scheme }: Pick<Manifest, 'labels' | 'scheme'>): Notation {
  return scheme ?? readNotation(labels);
}

/** The result of verification in words. An export whose logits differ by more than its precision allows has failed. */
export function verificationText({ verification, precision }: Manifest): string {
  if (!verification) return 'not verified';
  const { maxDifference, texts, layers, positions, sameLabels } = verification;
  const depth = layers === 1 ? 'its first layer' : `all ${layers} layers`;
  const labels = positions === undefined ? '' : `the same label at ${sameLabels} of ${positions} positions, `;
  const difference = Number(maxDifference.toPrecision(2));
  return `verified against the checkpoint on ${texts} texts, over ${depth}: ${labels}logits at most ${difference} apart, within the tolerance for ${precision}`;
}

function checkFiles(folder: string, { files }: Manifest): void {
  for (const [name, bytes] of Object.entries(files)) {
    // A path could lead out of the folder.
    if (name !== basename(name) || name === '..') {
      throw new UserError(
        `${basename(folder)}/${MANIFEST}: files: expected names of files in the folder, found ${JSON.stringify(name)}`,
      );
    }
    const path = join(folder, name);
    const found = existsSync(path) ? statSync(path).size : undefined;
    if (found === bytes) continue;
    throw new UserError(
      `${basename(folder)}/${name}: expected ${bytes} bytes, found ${found ?? 'no such file'}: the model folder is damaged`,
    );
  }
}
