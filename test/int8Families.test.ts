// Families whose layers are built in another way than LLaMA's, at int8: their logits stay close to those of transformers
// and PEFT. Smoothing may scale only modules that the family has.

import { join } from 'node:path';
import { expect, it } from 'vitest';
import { withModel } from '../dist/commands/offline.js';
import { exportModel } from '../dist/model/export.js';
import { type Golden, readJson, temporaryFolder } from './support/fixtures.js';
import { predictGolden } from './support/golden.js';
import { matrixCases } from './support/matrix.js';

const out = temporaryFolder();
const FAMILIES = /^(granite|smollm3|olmo2|stablelm|cohere2)_/;
const cases = matrixCases().filter(({ name, group }) => group === 'Families' && FAMILIES.test(name));

it.each(cases.map(each => [each.name, each] as const))('%s', async (name, { folder, request }) => {
  await exportModel({ ...request, precision: 'int8' }, join(out, name));
  let error = 0;
  let size = 0;
  await withModel(join(out, name), { cache: out, device: 'cpu' }, async model => {
    for (const golden of readJson(join(folder, 'golden.json')) as Golden[]) {
      const { logits } = await predictGolden(model, golden);
      for (const [i, logit] of golden.logits.flat().entries()) {
        error += (logits[i]! - logit) ** 2;
        size += logit ** 2;
      }
    }
  });
  // Logits of the right size that have nothing to do with the golden ones would give 1.4.
  expect(Math.sqrt(error / size)).toBeLessThan(0.2);
});
