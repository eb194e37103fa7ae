// recipe.json: an export's options in a file, so that a model can be shipped as its ingredients.

import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { Ajv2020, type JSONSchemaType } from 'ajv/dist/2020.js';
import { readJsonObject } from '../checkpoint/files.js';
import { UserError } from '../errors.js';
import type { Attention, Pooling, ProblemType, Task } from './manifest.js';

/** What an export is asked for. What is left out is found in the checkpoint, or refused. */
export interface ExportRequest {
  readonly base: string;
  /** Merged in this order. */
  readonly adapters: readonly string[];
  /** A folder with a tokenizer.json that wins over the adapters' and the base's. */
  readonly tokenizer?: string;
  readonly task?: Task;
  readonly attention?: Attention;
  readonly bidirectionalFrom?: number;
  readonly pooling?: Pooling;
  readonly labels?: readonly string[];
  readonly problemType?: ProblemType;
  /** `auto` is what is best on the device it is exported for; float32 unless it is given. */
  readonly precision?: string;
  readonly maxLength?: number;
}

export const RECIPE = 'recipe.json';

interface RecipeFile extends Omit<ExportRequest, 'adapters'> {
  readonly adapter?: string | readonly string[];
}

const schema = {
  type: 'object',
  required: ['base'],
  additionalProperties: false,
  properties: {
    base: { type: 'string' },
    adapter: { type: ['string', 'array'], items: { type: 'string' } },
    tokenizer: { type: 'string' },
    task: { enum: ['sequence', 'token'] },
    attention: { enum: ['causal', 'bidirectional'] },
    bidirectionalFrom: { type: 'integer', minimum: 0 },
    pooling: { enum: ['last', 'mean', 'max'] },
    labels: { type: 'array', items: { type: 'string' } },
    problemType: { enum: ['single', 'multi'] },
    precision: { type: 'string' },
    maxLength: { type: 'integer', minimum: 1 },
  },
} as const;

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
const isRecipe = ajv.compile<RecipeFile>(schema as unknown as JSONSchemaType<RecipeFile>);

export function isRecipeFolder(folder: string): boolean {
  return existsSync(join(folder, RECIPE));
}

/** Reads a recipe; its paths become absolute. Throws UserError where it does not match its schema. */
export function readRecipe(path: string): ExportRequest {
  const recipe: unknown = readJsonObject(path);
  if (!isRecipe(recipe)) {
    const folder = basename(dirname(resolve(path)));
    throw new UserError(
      `${folder}/${basename(path)}: ${ajv.errorsText(isRecipe.errors, { dataVar: 'recipe' })}${unknownKeys()}`,
    );
  }
  const { adapter, base, tokenizer, ...options } = recipe;
  // A recipe folder may be linked to: its paths are relative to where it really is.
  const from = (file: string) => resolve(dirname(realpathSync(path)), file);
  return {
    ...options,
    base: from(base),
    adapters: (typeof adapter === 'string' ? [adapter] : (adapter ?? [])).map(from),
    ...(tokenizer === undefined ? {} : { tokenizer: from(tokenizer) }),
  };
}

/** The same with a precision that is `auto` settled: float16 on a GPU, 8 bits on a CPU. */
export function forDevice(request: ExportRequest, device: string): ExportRequest {
  if (request.precision !== 'auto') return request;
  return { ...request, precision: device.startsWith('cuda') ? 'float16' : 'int8' };
}

/** ajv says that there are keys too many, but not which. */
function unknownKeys(): string {
  const keys =
    isRecipe.errors?.map(({ params }) => params.additionalProperty as unknown).filter(Boolean) ?? [];
  return keys.length > 0 ? `: ${keys.join(', ')}` : '';
}
