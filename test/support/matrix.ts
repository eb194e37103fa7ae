// The committed matrix of cases: bases and adapters of every kind that an export has to compute exactly.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Manifest } from '../../dist/model/manifest.js';
import type { DeviceRequest } from '../../dist/model/recipe.js';
import { ROOT, readJson } from './fixtures.js';

const MATRIX = join(ROOT, 'test/fixtures/matrix');

export interface MatrixCase {
  readonly name: string;
  readonly folder: string;
  /** The row of the table in docs/models.md that counts the case. */
  readonly group: string;
  readonly feature: string;
  /** The export request, with absolute paths. */
  readonly request: DeviceRequest;
  /** Fields of the manifest that the export has to find in the checkpoint, because the request leaves them out. */
  readonly found?: Partial<Manifest>;
}

export function matrixCases(): MatrixCase[] {
  const names = readdirSync(join(MATRIX, 'cases')).sort();
  return names.map(name => {
    const folder = join(MATRIX, 'cases', name);
    const { request, ...fields } = readJson(join(folder, 'case.json')) as Omit<MatrixCase, 'name' | 'folder'>;
    const { base, adapters, tokenizer, ...options } = request;
    return {
      name,
      folder,
      ...fields,
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

/** One case for each base. */
export function onePerBase(): MatrixCase[] {
  return [...new Map(matrixCases().map(each => [each.request.base, each])).values()];
}
