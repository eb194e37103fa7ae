// The table of fields of adapter_config.json names every field of PEFT's LoraConfig.

import { expect, it } from 'vitest';
import { LORA_FIELDS } from '../../dist/checkpoint/loraFields.js';
import { ROOT, readJson } from '../support/fixtures.js';

const { fields } = readJson(`${ROOT}/test/fixtures/peft/lora_config.json`) as { fields: string[] };

/** Written by older releases of PEFT and by other tools. */
const ELSEWHERE = [
  'enable_lora',
  'merge_weights',
  'lora_dtype',
  'lorap_emb_lr',
  'lorap_lr_ratio',
  'unsloth_fixed',
];

it('names every field, and no others', () => {
  expect([...LORA_FIELDS.keys()].sort()).toEqual([...fields, ...ELSEWHERE].sort());
});
