// An adapter whose names begin with `_orig_mod.`, and others whose names were changed. The matrix has the logits for the
// names that wrappers leave; here are the names that are refused, and what the refusals say.

import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { mergeAdapters } from '../../dist/checkpoint/merge.js';
import { openCheckpoint } from '../../dist/checkpoint/open.js';
import { ROOT, temporaryFolder } from '../support/fixtures.js';
import { editSafetensors, renameTensorsIn } from '../support/safetensors.js';

const CASE = join(ROOT, 'test/fixtures/cases/wrapper_prefixes');
const work = temporaryFolder();

/** A copy of the case's adapter whose tensors have other names. */
function adapterWith(name: string, rename: (name: string) => string): string {
  cpSync(join(CASE, 'adapter'), join(work, name), { recursive: true });
  renameTensorsIn(join(work, name, 'adapter_model.safetensors'), rename);
  return join(work, name);
}

/** All merged weights, by name. */
async function mergedWeights(adapter: string): Promise<Map<string, Float32Array>> {
  const checkpoint = openCheckpoint({ base: join(CASE, 'base'), adapters: [adapter] });
  try {
    const { weights } = mergeAdapters(checkpoint.base, checkpoint.adapters);
    const values = new Map<string, Float32Array>();
    for (const name of weights.tensors.keys()) values.set(name, await weights.read(name));
    return values;
  } finally {
    checkpoint.close();
  }
}

it('merges the adapter as if it had no prefix', async () => {
  const plain = adapterWith('plain', name => name.replace('_orig_mod.', ''));
  expect(await mergedWeights(join(CASE, 'adapter'))).toEqual(await mergedWeights(plain));
});

// NVIDIA-NeMo/Automodel pull request 3630, bghira/SimpleTuner pull request 2153, PyTorch Lightning's strategies.
it.each([
  ['thinker', 'thinker.base_model.model.'],
  ['inside', 'base_model.model._orig_mod.'],
  ['lightning', '_forward_module.model.base_model.model.'],
  // huggingface/transformers issue 29659: FSDP of torch_xla.
  ['torch_xla', 'base_model.model._orig_module.'],
])('merges the same weights where names begin as in %s', async (folder, prefix) => {
  const renamed = adapterWith(folder, name => name.replace('_orig_mod.base_model.model.', prefix));
  expect(await mergedWeights(renamed)).toEqual(await mergedWeights(join(CASE, 'adapter')));
});

it('names both tensors where two get the same name', async () => {
  const twice = adapterWith('twice', name => name);
  // bghira/SimpleTuner pull request 2153 writes names with the prefix beside those without.
  editSafetensors(join(twice, 'adapter_model.safetensors'), header => {
    header['base_model.model.score.weight'] = structuredClone(
      header['_orig_mod.base_model.model.score.weight'],
    );
  });
  await expect(mergedWeights(twice)).rejects.toThrow(
    /expected one tensor for score\.weight, found _orig_mod\.base_model\.model\.score\.weight and base_model\.model\.score\.weight/,
  );
});

it.each([
  // huggingface/peft issue 1932 and others: an adapter for another family.
  [
    'experts',
    (name: string) => name.replace('layers.1.self_attn.q_proj', 'layers.1.block_sparse_moe.gate'),
    /changes model\.layers\.1\.block_sparse_moe\.gate, which the base model\.safetensors, a llama model, does not have: expected one of .*self_attn\.q_proj/,
  ],
  // potamides/AutomaTikZ issue 19: a component in a name that no wrapper is known to add.
  [
    'sequential',
    (name: string) => name.replace('model.layers', 'model.0.layers'),
    /changes model\.0\.layers\.0\.self_attn\.q_proj, which .* does not have: expected embed_tokens, layers, norm or a head/,
  ],
  [
    'pooler',
    (name: string) => name.replace('score.weight', 'pooler.weight'),
    /changes pooler\.weight, which .* does not have/,
  ],
])('names the unknown part of %s, and speaks of no other base', async (folder, rename, message) => {
  const error = await mergedWeights(adapterWith(folder, rename)).catch(String);
  expect(error).toMatch(message);
  expect(error).not.toMatch(/another base/);
});

it.each([
  [
    'deeper',
    (name: string) => name.replace('layers.1.', 'layers.31.'),
    /changes model\.layers\.31\.self_attn\.q_proj, but the base model\.safetensors has layers 0 to 2: the adapter was trained on another base/,
  ],
  [
    'swapped',
    (name: string) =>
      name
        .replace('v_proj.lora', 'w_proj.lora')
        .replace('q_proj.lora', 'v_proj.lora')
        .replace('w_proj', 'q_proj'),
    /expected \[.*\], found \[.*\] .*: the adapter was trained on another base/,
  ],
])('says that the base is another one where a size of %s says so', async (folder, rename, message) => {
  await expect(mergedWeights(adapterWith(folder, rename))).rejects.toThrow(message);
});

it('says that an adapter is incomplete where a change inside its layers is missing', async () => {
  const lost = adapterWith('lost', name => name);
  editSafetensors(join(lost, 'adapter_model.safetensors'), header => {
    for (const name of Object.keys(header))
      if (name.includes('layers.1.self_attn.q_proj')) delete header[name];
  });
  const error = await mergedWeights(lost).catch(String);
  expect(error).toMatch(
    /expected a change to model\.layers\.1\.self_attn\.q_proj, .*found none: the adapter is incomplete$/,
  );
});

it.each([
  [
    // instructlab/training issue 141: the state dict was saved with LoRA that is not merged.
    'LoRA beside the weights',
    (name: string) => name.replace('layers.0.mlp.up_proj.', 'layers.0.self_attn.q_proj.lora_A.default.'),
    /expected the weights of a base alone, or merged, found layers\.0\.self_attn\.q_proj\.lora_A\.default\.weight .*merge_and_unload/,
  ],
  [
    // MSIIP/MedM-VL issue 4: the same of a PEFT whose layers hold the layers that they change.
    'weights inside LoRA',
    (name: string) => `base_model.model.${name.replace('q_proj.', 'q_proj.base_layer.')}`,
    /found layers\.0\.self_attn\.q_proj\.base_layer\.weight of an adapter that is not merged/,
  ],
  [
    'a wrapper that is not known',
    (name: string) => name.replace('model.', 'transformer.'),
    /expected embed_tokens\.weight and layers, .*found .*transformer\.embed_tokens\.weight/,
  ],
])('a base with %s is refused', (name, rename, message) => {
  const base = join(work, name);
  cpSync(join(CASE, 'base'), base, { recursive: true });
  renameTensorsIn(join(base, 'model.safetensors'), rename);
  expect(() => openCheckpoint({ base, adapters: [] })).toThrow(message);
});
