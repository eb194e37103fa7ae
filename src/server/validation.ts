// Request and response bodies checked against openapi.yaml, the one place where their shape is written.

import { readFileSync } from 'node:fs';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { type FieldError, Problem } from './problems.js';

/** The document as it is served. */
export const OPENAPI: string = readFileSync(new URL('../../openapi.yaml', import.meta.url), 'utf8');

// Only the schemas inside the document are compiled; its other keys are no JSON Schema.
const ajv = new Ajv2020({ allErrors: true, strict: false, verbose: true });
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

/** An alternative is told once, as a whole, not branch by branch. */
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
    case 'oneOf':
      return `must have one of ${(schema as { required: string[] }[]).map(({ required }) => required.join(' and ')).join(', ')}, and only one`;
    default:
      return message ?? 'does not match the schema';
  }
}
