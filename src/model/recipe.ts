// recipe.json, the options of an export in a file, so that a model can be shipped as its ingredients.

import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { type Json, readJsonObject } from '../checkpoint/files.js';
import { parseLabels } from '../checkpoint/labels.js';
import type { PrecisionName } from '../graph/precisionNames.js';
import { DECODING } from '../text/tags.js';
import { type Document, documentChecker } from './document.js';
import { ATTENTION, POOLING, PROBLEM_TYPE, REFERENCE, TASK, TEMPERATURE, THRESHOLDS } from './manifest.js';

export const RECIPE = 'recipe.json';

const SCHEMA = {
  type: 'object',
  required: ['base'],
  additionalProperties: false,
  properties: {
    base: { type: 'string' },
    /** Adapters are merged in this order. */
    adapter: { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] },
    /** A folder whose tokenizer.json is used instead of the adapters' and the base's. */
    tokenizer: { type: 'string' },
    /** Whether tokenizer.json is taken as written, as transformers 4 does. The default is what the adapter's files tell. */
    tokenizerAsWritten: { type: 'boolean' },
    task: TASK,
    attention: ATTENTION,
    /** The first layer without the causal mask. */
    bidirectionalFrom: { type: 'integer', minimum: 0 },
    pooling: POOLING,
    /** A list in the order of the head's rows, or an object like id2label or label2id. */
    labels: { anyOf: [{ type: 'array' }, { type: 'object' }] },
    problemType: PROBLEM_TYPE,
    /** The default, `auto`, is the best precision for the device that the model is exported for. */
    precision: { type: 'string' },
    /** In tokens, special tokens included. */
    maxLength: { type: 'integer', minimum: 1 },
    /** How a tagger's logits become tags; the default is `valid`. */
    decoding: DECODING,
    /** How probabilities and labels are made of logits; see reading.ts. */
    temperature: TEMPERATURE,
    thresholds: THRESHOLDS,
    /** What the model predicted when it was evaluated. */
    reference: REFERENCE,
  },
} as const;

type Recipe = Document<typeof SCHEMA>;

/**
 * The options of an export. An option that is left out comes from the checkpoint, else from a default; where there is
 * neither, the export is refused.
 */
export interface ExportRequest extends Omit<Recipe, 'adapter' | 'labels'> {
  /** In the order of the head's rows. */
  readonly labels?: readonly string[];
  /** Merged in this order. */
  readonly adapters: readonly string[];
}

/** A request whose precision is settled. */
export interface DeviceRequest extends ExportRequest {
  readonly precision: string;
}

const checkRecipe = documentChecker(SCHEMA);

export function isRecipeFolder(folder: string): boolean {
  return existsSync(join(folder, RECIPE));
}

/** Reads a recipe and makes its paths absolute. Throws UserError where it cannot be read or does not match its schema. */
export function readRecipe(path: string): ExportRequest {
  const name = `${basename(dirname(resolve(path)))}/${basename(path)}`;
  const { adapter, base, labels, tokenizer, ...options } = checkRecipe(readJsonObject(path, name), name);
  // Paths are relative to the recipe's own folder, also where the recipe is reached through a link.
  const absolute = (file: string) => resolve(dirname(realpathSync(path)), file);
  return {
    ...options,
    base: absolute(base),
    ...(labels !== undefined && { labels: parseLabels(labels as Json, `${name}: labels`) }),
    adapters: (typeof adapter === 'string' ? [adapter] : (adapter ?? [])).map(absolute),
    ...(tokenizer === undefined ? {} : { tokenizer: absolute(tokenizer) }),
  };
}

/** Settles the precision. `auto` or no precision means float16 on a GPU and int8 on a CPU. */
export function forDevice({ precision = 'auto', ...request }: ExportRequest, device: string): DeviceRequest {
  return { ...request, precision: precision === 'auto' ? autoPrecision(device) : precision };
}

/** The precision that `auto` stands for on a device. */
export function autoPrecision(device: string): PrecisionName {
  return device.startsWith('cuda') ? 'float16' : 'int8';
}
