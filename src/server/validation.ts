// Checks request bodies against openapi.yaml, the one place where their shape is written.

import { readFileSync } from 'node:fs';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import type { components } from './openapi.js';
import { type FieldError, Problem } from './problems.js';

type Schemas = components['schemas'];

/** The document as it is served. */
export const OPENAPI: string = readFileSync(new URL('../../openapi.yaml', import.meta.url), 'utf8');

// Only the schemas inside the document are compiled. Its other keys are not JSON Schema, hence `strict: false`.
const ajv = new Ajv2020({ allErrors: true, strict: false, verbose: true, useDefaults: true });
ajv.addSchema(parse(OPENAPI), 'openapi');

/** Compiles a check for one of the schemas under components.schemas in openapi.yaml. */
export function schemaOf<Name extends keyof Schemas>(name: Name): ValidateFunction<Schemas[Name]> {
  return ajv.compile<Schemas[Name]>({ $ref: `openapi#/components/schemas/${name}` });
}

/**
 * Returns the body, with the schema's defaults filled in. Throws Problem 422, which lists every mismatch, if the body
 * does not match the schema.
 */
export function validated<T>(check: ValidateFunction<T>, body: unknown): T {
  if (check(body)) return body;
  const errors = fieldErrors(check.errors ?? []);
  throw new Problem(422, errors.map(({ path, message }) => `${path || 'the body'} ${message}`).join('; '), {
    errors,
  });
}

/** A oneOf that does not match is reported once, as a whole, without the errors of its branches. */
function fieldErrors(errors: readonly ErrorObject[]): FieldError[] {
  return errors
    .filter(({ schemaPath }) => !schemaPath.includes('/oneOf/'))
    .map(error => ({ path: error.instancePath, message: describe(error) }));
}

function describe({ keyword, message, params, schema }: ErrorObject): string {
  switch (keyword) {
    case 'additionalProperties':
      return `has an unknown field ${JSON.stringify(params.additionalProperty)}`;
    case 'enum':
      return `must be one of ${params.allowedValues.join(', ')}`;
    case 'type':
      return `must be ${[params.type].flat().join(' or ')}`;
    case 'oneOf': {
      const alternatives = (schema as { required: string[] }[]).map(({ required }) => required.join(' and '));
      return `must have one of ${alternatives.join(', ')}, and only one`;
    }
    default:
      return message ?? 'does not match the schema';
  }
}
