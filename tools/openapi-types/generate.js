// Writes the types of request and response bodies, components.schemas of openapi.yaml, to src/api/openapi.ts.
// With --check it writes nothing and exits with 1 where the file is not what it would write.

import { readFileSync, writeFileSync } from 'node:fs';
import openapiTS, { astToString } from 'openapi-typescript';
import { parse } from 'yaml';

const SOURCE = new URL('../../openapi.yaml', import.meta.url);
const TARGET = new URL('../../src/api/openapi.ts', import.meta.url);
const HEADER =
  '// Generated from openapi.yaml by `npm run openapi:types`: the bodies of requests and responses.\n\n';

const { openapi, info, components } = parse(readFileSync(SOURCE, 'utf8'));
const schemas = { openapi, info, paths: {}, components: { schemas: components.schemas } };
const options = { immutable: true, rootTypes: true, rootTypesNoSchemaPrefix: true };
const types = HEADER + astToString(await openapiTS(schemas, options));

if (!process.argv.includes('--check')) writeFileSync(TARGET, types);
else if (readFileSync(TARGET, 'utf8') !== types) {
  console.error('src/api/openapi.ts is not up to date with openapi.yaml: run npm run openapi:types');
  process.exitCode = 1;
}
