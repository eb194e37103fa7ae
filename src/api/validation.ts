// Checks request bodies against openapi.yaml, the one place where their shape is written.

import { readFileSync } from 'node:fs';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { quoted } from '../quoted.js';
import type { components } from './openapi.js';
import { type FieldError, unprocessable } from './problem.js';

type Schemas = components['schemas'];

/** The document, for a service with the default limits. */
export const OPENAPI: string = readFileSync(new URL('../../openapi.yaml', import.meta.url), 'utf8');

// Only the schemas inside the document are compiled. Its other keys are not JSON Schema, hence `strict: false`. The check
// stops at the first mismatch: a body of a few megabytes can have millions. `verbose` adds the schema to the error.
// JSON.parse reads 1e400 as Infinity, which strictNumbers refuses.
const ajv = new Ajv2020({ strict: false, strictNumbers: true, verbose: true, useDefaults: true });
const document = parse(OPENAPI);
// The service has its own, which its route holds requests to.
delete document.components.schemas.TimeoutMs.maximum;
ajv.addSchema(document, 'openapi');

/** The most texts of a request. */
export const MAX_TEXTS: number = document.components.schemas.Texts.maxItems;

/** Compiles a check for one of the schemas under components.schemas in openapi.yaml. */
export function schemaOf<Name extends keyof Schemas>(name: Name): ValidateFunction<Schemas[Name]> {
  return ajv.compile<Schemas[Name]>({ $ref: `openapi#/components/schemas/${name}` });
}

/**
 * Returns the body, with the schema's defaults filled in. Throws Problem 422, which names the first mismatch, if the
 * body does not match the schema.
 */
export function validated<T>(check: ValidateFunction<T>, body: unknown): T {
  if (check(body)) return body;
  const { path, message } = fieldError(check.errors!);
  throw unprocessable(path, message);
}

/** A oneOf that does not match is the last of the errors, after those of its branches. */
function fieldError(errors: readonly ErrorObject[]): FieldError {
  const error = errors.at(-1)!;
  return { path: error.instancePath, message: describe(error) };
}

const ALTERNATIVES = new Intl.ListFormat('en', { type: 'disjunction' });

function describe({ keyword, message, params, schema }: ErrorObject): string {
  switch (keyword) {
    case 'additionalProperties':
      return `has an unknown field ${quoted(params.additionalProperty)}`;
    case 'enum':
      return `must be one of ${params.allowedValues.join(', ')}`;
    case 'pattern':
      return 'must not be empty or only white space';
    case 'type':
      return `must be ${ALTERNATIVES.format([params.type].flat())}`;
    case 'oneOf': {
      const alternatives = (schema as { required: string[] }[]).map(({ required }) => required.join(' and '));
      return `must have one of ${alternatives.join(', ')}, and only one`;
    }
    default:
      return message ?? 'does not match the schema';
  }
}
