// The committed matrix of cases: every way of a base and an adapter that an export has to compute exactly.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Manifest } from '../../dist/model/manifest.js';
import type { ExportRequest } from '../../dist/model/recipe.js';
import { ROOT, readJson } from './fixtures.js';

export const MATRIX = join(ROOT, 'test/fixtures/matrix');

export interface MatrixCase {
  readonly name: string;
  readonly folder: string;
  /** The section of the README's table that it stands in. */
  readonly group: string;
  readonly feature: string;
  /** With paths that are absolute. */
  readonly request: ExportRequest;
  /** Fields of the manifest that the request leaves to the checkpoint. */
  readonly found?: Partial<Manifest>;
}

export function matrixCases(): MatrixCase[] {
  const names = readdirSync(join(MATRIX, 'cases')).sort();
  return names.map(name => {
    const folder = join(MATRIX, 'cases', name);
    const { request, ...told } = readJson(join(folder, 'case.json')) as Omit<MatrixCase, 'name' | 'folder'>;
    const { base, adapters, tokenizer, ...options } = request;
    return {
      name,
      folder,
      ...told,
      request: {
        ...options,
        base: join(folder, base),
        adapters: adapters.map(adapter => join(folder, adapter)),
        ...(tokenizer && { tokenizer: join(folder, tokenizer) }),
        precision: 'float32',
      },
    };
  });
}
