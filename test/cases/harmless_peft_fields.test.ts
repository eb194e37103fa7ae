// Fields of adapter_config.json that newer releases of PEFT and other tools write, and that do not change the result.

import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withModel } from '../../dist/commands/offline.js';
import { exportModel } from '../../dist/model/export.js';
import { type Golden, ROOT, readJson, temporaryFolder, worstDifference } from '../support/fixtures.js';
import { predictGolden } from '../support/golden.js';
import { planOf } from '../support/plan.js';

const CASE = join(ROOT, 'test/fixtures/cases/harmless_peft_fields');
const request = { base: join(CASE, 'base'), adapters: [join(CASE, 'mica')], precision: 'float32' };
const work = temporaryFolder();
let folders = 0;

/** Plans an export of the case's adapter, whose config has other fields. */
function planWith(fields: object) {
  const adapter = join(work, `adapter${folders++}`);
  cpSync(request.adapters[0]!, adapter, { recursive: true });
  const config = readJson(join(adapter, 'adapter_config.json')) as object;
  writeFileSync(join(adapter, 'adapter_config.json'), JSON.stringify({ ...config, ...fields }));
  return planOf({ ...request, adapters: [adapter] });
}

it('the public case, MiCA, has the logits of PEFT', async () => {
  const folder = join(work, 'mica');
  await exportModel(request, folder);
  await withModel(folder, { cache: work, device: 'cpu' }, async model => {
    for (const golden of readJson(join(CASE, 'golden.json')) as Golden[]) {
      const { ids, logits } = await predictGolden(model, golden);
      expect([...ids]).toEqual(golden.input_ids);
      expect(worstDifference(golden.logits as number[], logits)).toBeLessThan(1e-4);
    }
  });
});

describe('exported as well', () => {
  it.each<[string, object]>([
    // huggingface/peft issue 2275, and modelscope/ms-swift issue 3141.
    [
      'the options of EVA',
      { init_lora_weights: 'eva', eva_config: { rho: 2, tau: 0.99, use_label_mask: true } },
    ],
    // InternLM/lmdeploy issue 1151 and hiyouga/LlamaFactory issue 5348: what PEFT 0.2 wrote.
    ['the fields of PEFT 0.2', { enable_lora: null, merge_weights: false }],
    // oobabooga/textgen issue 6819: an adapter of Unsloth.
    [
      'what Unsloth writes',
      {
        auto_mapping: { base_model_class: 'LlamaForSequenceClassification', unsloth_fixed: true },
        corda_config: null,
        trainable_token_indices: null,
      },
    ],
    ['what ms-swift writes', { lora_dtype: null, lorap_lr_ratio: 16, lorap_emb_lr: 1e-6 }],
    [
      'options of an initialisation that did not take place',
      { loftq_config: { loftq_bits: 4, loftq_iter: 1 } },
    ],
    [
      'the options of CorDA after a conversion',
      { init_lora_weights: true, corda_config: { corda_method: 'ipm' } },
    ],
    ['runtime options', { runtime_config: { ephemeral_gpu_offload: true } }],
    ['tied embeddings', { ensure_weight_tying: true }],
    ['Megatron’s options', { megatron_config: { tensor_model_parallel_size: 2 } }],
    [
      'a later field that is not in use',
      { hyper_lora: null, hyper_config: {}, hyper_layers: [], use_hyper: false },
    ],
  ])('%s', (_, fields) => {
    expect(planWith(fields).task).toBe('sequence');
  });
});

describe('refused by name', () => {
  it.each<[string, object, RegExp]>([
    // huggingface/peft issue 1979.
    [
      'repeated layers',
      { layer_replication: [[0, 1]] },
      /layer_replication: .*layers that are repeated.*found \[\[0,1\]\]/,
    ],
    // huggingface/peft pull request 2926: LoRA-GA subtracts its first update from the base.
    [
      'LoRA-GA',
      { init_lora_weights: 'lora_ga', lora_ga_config: { direction: 'ArB2r' } },
      /init_lora_weights: .*path_initial_model/,
    ],
    ['PiSSA', { init_lora_weights: 'pissa_niter_16' }, /init_lora_weights: .*found "pissa_niter_16"/],
    ['CorDA', { init_lora_weights: 'corda' }, /init_lora_weights/],
    ['LoftQ', { init_lora_weights: 'loftq', loftq_config: { loftq_bits: 4 } }, /init_lora_weights/],
    ['OLoRA', { init_lora_weights: 'olora' }, /init_lora_weights/],
    [
      'a later initialisation',
      { init_lora_weights: 'magic' },
      /init_lora_weights: .*known to leave.*found "magic"/,
    ],
    ['aLoRA', { alora_invocation_tokens: [1, 2] }, /alora_invocation_tokens: .*aLoRA/],
    ['Arrow', { arrow_config: { top_k: 3 } }, /arrow_config: .*each token/],
    ['KaSA', { kasa_config: { beta: 1e-4, gamma: 1e-3 } }, /kasa_config: .*singular values/],
    ['BD-LoRA', { use_bdlora: { nblocks: 2 } }, /use_bdlora: .*block-diagonal/],
    ['target_parameters', { target_parameters: ['experts.down_proj'] }, /target_parameters: /],
    ['enable_lora', { enable_lora: [true, false, true] }, /enable_lora: .*fused layer/],
    ['a later field', { use_hyper: true }, /use_hyper: .*does not know the field.*found true/],
  ])('%s', (_, fields, message) => {
    expect(() => planWith(fields)).toThrow(message);
  });
});
