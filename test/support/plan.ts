// Plans an export without doing it: everything but the values of the weights is read and checked.

import { mergeAdapters } from '../../dist/checkpoint/merge.js';
import { openCheckpoint } from '../../dist/checkpoint/open.js';
import { type Plan, planExport } from '../../dist/model/plan.js';
import type { DeviceRequest } from '../../dist/model/recipe.js';
import { readChosenTokenizer } from '../../dist/model/tokenizerChoice.js';
import { Tokenizer } from '../../dist/text/tokenizer.js';

export function planOf(request: DeviceRequest): Plan {
  const checkpoint = openCheckpoint(request);
  try {
    const { base, adapters } = checkpoint;
    const { head } = mergeAdapters(base, adapters);
    return planExport(request, base, adapters, head, new Tokenizer(readChosenTokenizer(request).definition));
  } finally {
    checkpoint.close();
  }
}
