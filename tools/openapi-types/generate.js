// Writes the types that follow from openapi.yaml: for the service those of request and response bodies, in which the
// fields of requests that have a default are always there; for its client those of all routes, in which they may be left out.
// With --check it writes nothing and exits with 1 where a file is not what it would write.

import { readFileSync, writeFileSync } from 'node:fs';
import openapiTS, { astToString } from 'openapi-typescript';
import { parse } from 'yaml';

const SOURCE = new URL('../../openapi.yaml', import.meta.url);
const HEADER = '// Generated from openapi.yaml by `npm run openapi:types`: ';

const document = parse(readFileSync(SOURCE, 'utf8'));
const { openapi, info, components } = document;
await update('src/api/openapi.ts', 'the bodies of requests and responses.', {
  document: { openapi, info, paths: {}, components: { schemas: components.schemas } },
  options: { immutable: true, rootTypes: true, rootTypesNoSchemaPrefix: true },
});
await update('src/client/openapi.ts', 'the routes as a client sees them.', {
  document,
  options: { immutable: true, defaultNonNullable: false },
});

async function update(path, description, { document, options }) {
  const target = new URL(`../../${path}`, import.meta.url);
  const types = `${HEADER}${description}\n\n${astToString(await openapiTS(document, options))}`;
  if (!process.argv.includes('--check')) writeFileSync(target, types);
  else if (readFileSync(target, 'utf8') !== types) {
    console.error(`${path} is not up to date with openapi.yaml: run npm run openapi:types`);
    process.exitCode = 1;
  }
}
