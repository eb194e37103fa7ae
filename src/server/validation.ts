// Request and response bodies checked against openapi.yaml, the one place where their shape is written.

import { readFileSync } from 'node:fs';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { type FieldError, Problem } from './problems.js';

/** The document as it is served. */
export const OPENAPI: string = readFileSync(new URL('../../openapi.yaml', import.meta.url), 'utf8');

// Only the schemas inside the document are compiled; its other keys are no JSON Schema.
const ajv = new Ajv2020({ allErrors: true, strict: false });
ajv.addSchema(parse(OPENAPI), 'openapi');

/** A check for one of openapi.yaml's components.schemas. */
export function schemaOf<T>(name: string): ValidateFunction<T> {
  return ajv.compile<T>({ $ref: `openapi#/components/schemas/${name}` });
}

/** The body, once it matches. Throws Problem 422 with every mismatch. */
export function validated<T>(check: ValidateFunction<T>, body: unknown): T {
  if (check(body)) return body;
  const errors = fieldErrors(check.errors ?? []);
  throw new Problem(422, errors.map(({ path, message }) => `${path || 'the body'} ${message}`).join('; '), {
    errors,
  });
}

/** Of an alternative's branches only the one that fits the value's type is worth telling. */
function fieldErrors(errors: readonly ErrorObject[]): FieldError[] {
  const told = errors.map(error => ({ path: error.instancePath, message: describe(error) }));
  return told.filter(
    ({ path, message }, i) => told.findIndex(e => e.path === path && e.message === message) === i,
  );
}

function describe({ keyword, message, params }: ErrorObject): string {
  switch (keyword) {
    case 'additionalProperties':
      return `has an unknown field ${JSON.stringify(params.additionalProperty)}`;
    case 'enum':
      return `must be one of ${params.allowedValues.join(', ')}`;
    default:
      return message ?? 'does not match the schema';
  }
}
