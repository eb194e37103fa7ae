// GET / (the playground), GET /docs (the API reference) and GET /assets/{file} (what both are made of). The files are
// read once, at the start, and served as they are.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RequestHandler, Response } from 'express';
import { Problem } from '../../api/problem.js';
import { quoted } from '../../quoted.js';

const PAGES = new URL('../../../pages/', import.meta.url);
const OWN_ASSETS = [
  'docs.css',
  'docs.js',
  'icon.svg',
  'playground.css',
  'playground.js',
  'results.js',
  'service.js',
  'shared.css',
  'snippets.js',
  'theme.js',
];
/** The renderer of the API reference. */
const RENDERER_ASSETS = ['swagger-ui.css', 'swagger-ui-bundle.js'];

const HEADERS = {
  // The pages take nothing from elsewhere and send nothing elsewhere. Swagger UI has its icons as data in its styles.
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  // Browsers keep the files, and ask each time whether they are still the same.
  'cache-control': 'no-cache',
};

interface File {
  readonly content: Buffer;
  readonly extension: string;
  readonly etag: string;
}

export function pageRoute(name: 'docs.html' | 'playground.html'): RequestHandler {
  const page = readFile(ownPath(name));
  return (_request, response) => send(response, page);
}

export function assetRoute(): RequestHandler<{ file: string }> {
  const { resolve } = createRequire(import.meta.url);
  const files = new Map([
    ...OWN_ASSETS.map(name => [name, readFile(ownPath(name))] as const),
    ...RENDERER_ASSETS.map(name => [name, readFile(resolve(`swagger-ui-dist/${name}`))] as const),
  ]);
  return (request, response) => {
    const file = files.get(request.params.file);
    if (!file) throw new Problem(404, `there is no file ${quoted(request.params.file)}`);
    send(response, file);
  };
}

function ownPath(name: string): string {
  return fileURLToPath(new URL(name, PAGES));
}

function readFile(path: string): File {
  const content = readFileSync(path);
  const etag = `"${createHash('sha256').update(content).digest('base64url')}"`;
  return { content, extension: extname(path), etag };
}

/** Express answers 304 to a caller that has this version of the file. */
function send(response: Response, { content, extension, etag }: File): void {
  response
    .set({ ...HEADERS, etag })
    .type(extension)
    .send(content);
}
