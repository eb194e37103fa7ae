// JSON documents with a schema. A document's TypeScript type is derived from its schema, so its fields are listed once.

import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import type { Static } from 'typebox';
import { shown } from '../checkpoint/files.js';
import { UserError } from '../errors.js';

/** The type of the documents that match a JSON schema, which is given as the type of a constant (`as const`). */
export type Document<Schema extends object> = Immutable<Static<Schema>>;

type Immutable<T> = T extends object ? { readonly [Key in keyof T]: Immutable<T[Key]> } : T;

const ajv = new Ajv2020({ allErrors: true, verbose: true });

/**
 * Returns a function that checks a document against a schema and returns it. `file` names the document in errors.
 * The function throws UserError naming every field that does not match.
 */
export function documentChecker<const Schema extends object>(
  schema: Schema,
): (document: unknown, file: string) => Document<Schema> {
  const isValid = ajv.compile<Document<Schema>>(schema);
  return (document, file) => {
    if (isValid(document)) return document;
    throw new UserError(`${file}: ${mismatches(isValid.errors ?? []).join('; ')}`);
  };
}

function mismatches(errors: readonly ErrorObject[]): string[] {
  // Where no alternative of an anyOf matches, each has an error of its own, so the error of the anyOf adds nothing.
  const messages = errors.filter(({ keyword }) => keyword !== 'anyOf').map(error => mismatch(error, errors));
  return [...new Set(messages)];
}

/** The message for one error: `labels.0: expected string, found 7`. */
function mismatch(error: ErrorObject, errors: readonly ErrorObject[]): string {
  const { keyword, params, instancePath, data } = error;
  const at = instancePath && `${instancePath.slice(1).replaceAll('/', '.')}: `;
  const found = `found ${shown(data)}`;
  switch (keyword) {
    case 'additionalProperties': {
      const keys = Object.keys(error.parentSchema?.properties).join(', ');
      return `${at}expected no keys but ${keys}, found ${params.additionalProperty}`;
    }
    case 'required':
      return `${at}expected the key ${params.missingProperty}, found none`;
    case 'enum':
      return `${at}expected one of ${params.allowedValues.map(shown).join(', ')}, ${found}`;
    case 'type': {
      // A field with alternatives has an error for the type of each. They get one message that names all types.
      const sameField = errors.filter(
        other => other.keyword === 'type' && other.instancePath === instancePath,
      );
      return `${at}expected ${sameField.flatMap(other => other.params.type).join(' or ')}, ${found}`;
    }
    case 'minimum':
      return `${at}expected a number of at least ${params.limit}, ${found}`;
    case 'maximum':
      return `${at}expected a number of at most ${params.limit}, ${found}`;
    case 'exclusiveMinimum':
      return `${at}expected a number above ${params.limit}, ${found}`;
    case 'minItems':
      return `${at}expected at least ${params.limit} items, ${found}`;
    default:
      return `${at}${error.message}, ${found}`;
  }
}
