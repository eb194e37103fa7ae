// What each route answers to each kind of API key. The routes and the scopes that they need are those of openapi.yaml.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { ApiKey, Scope } from '../../dist/server/access/keysFile.js';
import { ROOT } from './fixtures.js';

export interface Route {
  readonly method: string;
  readonly path: string;
  /** The scope that the route needs; undefined for a route that needs no key. */
  readonly scope: Scope | undefined;
  /** A body that the route takes. */
  readonly body: string | undefined;
}

/** How a request identifies itself. */
export const CALLERS = [
  'no key',
  'wrong key',
  'expired key',
  'key without the scope',
  'right key',
  'over the limit',
] as const;
export type Caller = (typeof CALLERS)[number];

export interface AccessRow extends Route {
  readonly answers: Readonly<Record<Caller, Response>>;
}

interface Operation {
  readonly security?: readonly Readonly<Record<string, readonly Scope[]>>[];
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: Schema } } };
}
type Schema = { readonly $ref: string } | { readonly oneOf: readonly [{ readonly $ref: string }] };

const document = parse(readFileSync(`${ROOT}/openapi.yaml`, 'utf8'));

/** All routes. Throws an Error for one whose `security` does not say who may call it. */
export function routes(): Route[] {
  return Object.entries<Record<string, Operation>>(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      scope: scopeOf(`${method} ${path}`, operation),
      body: exampleOf(operation),
    })),
  );
}

function scopeOf(route: string, { security }: Operation): Scope | undefined {
  if (security?.length === 0) return undefined;
  const scopes = security?.flatMap(({ bearer = [] }) => bearer) ?? [];
  if (scopes.length === 1) return scopes[0];
  throw new Error(`${route}: expected "security: []", or "security" with one scope, in openapi.yaml`);
}

function exampleOf({ requestBody }: Operation): string | undefined {
  const schema = requestBody?.content['application/json'].schema;
  if (!schema) return undefined;
  const name = ('oneOf' in schema ? schema.oneOf[0] : schema).$ref.split('/').at(-1)!;
  return JSON.stringify(document.components.schemas[name].examples[0]);
}

const keyFor = (caller: string, route = '') => `${caller} ${route}`.trim().replaceAll(' ', '-');

const limitedKey = ({ method, path }: Route) => keyFor('over the limit', `${method} ${path}`);

/** The content of a keys file for `accessTable`. */
export function accessKeys(): ApiKey[] {
  const scopes: readonly Scope[] = ['predict', 'metrics', 'admin'];
  const entry = (key: string, changes: Partial<ApiKey> = {}): ApiKey => ({
    name: key.replaceAll(/[^\w-]/g, '_'),
    sha256: createHash('sha256').update(key).digest('hex'),
    scopes,
    ...changes,
  });
  return [
    entry(keyFor('right key')),
    entry(keyFor('expired key'), { expires: '2020-01-01T00:00:00Z' }),
    ...scopes.map(scope =>
      entry(keyFor('key without the scope', scope), { scopes: scopes.filter(other => other !== scope) }),
    ),
    ...routes().map(route => entry(limitedKey(route), { requests_per_minute: 1 })),
  ];
}

/**
 * Sends every route a request of every caller. The service has the keys of `accessKeys`, and the `model`.
 * `urlOf` gives the address that serves a route.
 */
export async function accessTable(
  urlOf: (route: Route) => string,
  model: { readonly name: string; readonly version: string },
): Promise<AccessRow[]> {
  const rows: AccessRow[] = [];
  for (const route of routes()) {
    const send = (key?: string) =>
      fetch(urlOf(route) + pathOf(route, model), {
        method: route.method,
        headers: {
          ...(route.body && { 'content-type': 'application/json' }),
          ...(key && { authorization: `Bearer ${key}` }),
        },
        // Examples name a model that the package ships.
        ...(route.body && { body: route.body.replace('agnews-llama', model.name) }),
      });
    const limited = limitedKey(route);
    await send(limited);
    const answers = {
      'no key': await send(),
      'wrong key': await send('lsk_wrong'),
      'expired key': await send(keyFor('expired key')),
      'key without the scope': await send(keyFor('key without the scope', route.scope)),
      'right key': await send(keyFor('right key')),
      'over the limit': await send(limited),
    };
    rows.push({ ...route, answers });
  }
  return rows;
}

function pathOf(
  { path }: Route,
  { name, version }: { readonly name: string; readonly version: string },
): string {
  return path.replace('{name}', name).replace('{version}', version).replace('{file}', 'icon.svg');
}

export function accessMarkdown(rows: readonly AccessRow[]): string {
  const lines = rows.map(({ method, path, scope, answers }) => [
    `\`${method} ${path}\``,
    scope ?? 'none',
    ...CALLERS.map(caller => String(answers[caller].status)),
  ]);
  const table = [['route', 'scope', ...CALLERS], Array(CALLERS.length + 2).fill('---'), ...lines];
  return table.map(cells => `| ${cells.join(' | ')} |`).join('\n');
}
