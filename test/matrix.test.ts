// Every case of the matrix is exported and run: its token ids and logits are those of transformers and PEFT.

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withModel } from '../dist/commands/offline.js';
import { exportModel } from '../dist/model/export.js';
import { type Golden, readJson, temporaryFolder, worstDifference } from './support/fixtures.js';
import { predictGolden } from './support/golden.js';
import { matrixCases } from './support/matrix.js';

const out = temporaryFolder();

describe.each([...new Set(matrixCases().map(({ group }) => group))])('%s', group => {
  const cases = matrixCases().filter(matrixCase => matrixCase.group === group);
  it.each(cases.map(each => [each.name, each.feature, each] as const))('%s: %s', async (name, _, each) => {
    const { folder, request } = each;
    await exportModel(request, join(out, name));
    await withModel(join(out, name), { cache: out, device: 'cpu' }, async model => {
      expect(model.manifest).toMatchObject(each.found ?? {});
      for (const golden of readJson(join(folder, 'golden.json')) as Golden[]) {
        const { ids, logits } = await predictGolden(model, golden);
        expect([...ids]).toEqual(golden.input_ids);
        expect(worstDifference(golden.logits.flat(), logits)).toBeLessThan(1e-4);
      }
    });
  });
});
