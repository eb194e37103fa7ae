// Writes checkpoints of known shapes with random weights, for measuring time and memory, which do not depend on the values
// of weights: OUT/base in bfloat16 shards, OUT/adapter with an adapter of rank 16 on every linear layer and a head of 4
// labels.

import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { requireFree } from './disk.ts';
import { DEVIATION, elementCount, type Tensor, writeRandomSafetensors } from './randomSafetensors.ts';

export interface Shape {
  readonly hidden: number;
  readonly intermediate: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly vocabulary: number;
}

/** SmolLM2-135M, TinyLlama-1.1B and LLaMA-2-7B. */
export const SHAPES = {
  '135m': { hidden: 576, intermediate: 1536, layers: 30, heads: 9, kvHeads: 3, vocabulary: 49_152 },
  '1b': { hidden: 2048, intermediate: 5632, layers: 22, heads: 32, kvHeads: 4, vocabulary: 32_000 },
  '7b': { hidden: 4096, intermediate: 11_008, layers: 32, heads: 32, kvHeads: 32, vocabulary: 32_000 },
} as const satisfies Record<string, Shape>;
export type ShapeName = keyof typeof SHAPES;

export const LABELS = 4;
const SHARDS = 3;
const RANK = 16;
const BFLOAT16_ONE = 0x3f80;

const FIXTURES = fileURLToPath(new URL('../test/fixtures/checkpoints/', import.meta.url));

/** Writes a checkpoint into the folder `out`. Ends the program where the disk has no room for it. */
export function writeCheckpoint(out: string, shape: Shape): void {
  const base = baseTensors(shape);
  mkdirSync(out, { recursive: true });
  requireFree(out, 2 * base.reduce((sum, tensor) => sum + elementCount(tensor), 0));
  writeBase(join(out, 'base'), shape, base);
  writeAdapter(join(out, 'adapter'), shape);
}

/** Shapes [out, in] of a layer's linear modules. */
function linears({ hidden, intermediate, heads, kvHeads }: Shape): Record<string, [number, number]> {
  const keys = (hidden / heads) * kvHeads;
  return {
    'self_attn.q_proj': [hidden, hidden],
    'self_attn.k_proj': [keys, hidden],
    'self_attn.v_proj': [keys, hidden],
    'self_attn.o_proj': [hidden, hidden],
    'mlp.gate_proj': [intermediate, hidden],
    'mlp.up_proj': [intermediate, hidden],
    'mlp.down_proj': [hidden, intermediate],
  };
}

function baseTensors(shape: Shape): Tensor[] {
  const { hidden, vocabulary } = shape;
  const norm = (name: string): Tensor => ({ name, shape: [hidden], fill: BFLOAT16_ONE });
  return [
    { name: 'model.embed_tokens.weight', shape: [vocabulary, hidden] },
    ...layerNames(shape).flatMap(layer => [
      ...Object.entries(linears(shape)).map(([module, sizes]) => ({
        name: `${layer}.${module}.weight`,
        shape: sizes,
      })),
      norm(`${layer}.input_layernorm.weight`),
      norm(`${layer}.post_attention_layernorm.weight`),
    ]),
    norm('model.norm.weight'),
    { name: 'lm_head.weight', shape: [vocabulary, hidden] },
  ];
}

function adapterTensors(shape: Shape): Tensor[] {
  return [
    { name: 'base_model.model.score.weight', shape: [LABELS, shape.hidden] },
    ...layerNames(shape).flatMap(layer =>
      Object.entries(linears(shape)).flatMap(([module, [rows, width]]) => [
        { name: `base_model.model.${layer}.${module}.lora_A.weight`, shape: [RANK, width] },
        { name: `base_model.model.${layer}.${module}.lora_B.weight`, shape: [rows, RANK] },
      ]),
    ),
  ];
}

function layerNames({ layers }: Shape): string[] {
  return Array.from({ length: layers }, (_, layer) => `model.layers.${layer}`);
}

function writeBase(folder: string, shape: Shape, tensors: readonly Tensor[]): void {
  mkdirSync(folder);
  const shards: Tensor[][] = Array.from({ length: SHARDS }, () => []);
  const total = tensors.reduce((sum, tensor) => sum + elementCount(tensor), 0);
  let before = 0;
  for (const tensor of tensors) {
    shards[Math.floor((SHARDS * before) / total)]!.push(tensor);
    before += elementCount(tensor);
  }
  const fileOf: Record<string, string> = {};
  shards.forEach((shard, index) => {
    const file = `model-0000${index + 1}-of-0000${SHARDS}.safetensors`;
    writeRandomSafetensors(join(folder, file), 'BF16', shard);
    for (const { name } of shard) fileOf[name] = file;
  });
  writeJson(join(folder, 'model.safetensors.index.json'), {
    metadata: { total_size: 2 * total },
    weight_map: fileOf,
  });
  writeJson(join(folder, 'config.json'), {
    architectures: ['LlamaForCausalLM'],
    attention_bias: false,
    bos_token_id: 1,
    dtype: 'bfloat16',
    eos_token_id: 2,
    hidden_act: 'silu',
    hidden_size: shape.hidden,
    initializer_range: DEVIATION,
    intermediate_size: shape.intermediate,
    max_position_embeddings: 4096,
    model_type: 'llama',
    num_attention_heads: shape.heads,
    num_hidden_layers: shape.layers,
    num_key_value_heads: shape.kvHeads,
    pad_token_id: null,
    pretraining_tp: 1,
    rms_norm_eps: 1e-5,
    rope_scaling: null,
    rope_theta: 10_000,
    tie_word_embeddings: false,
    use_cache: true,
    vocab_size: shape.vocabulary,
  });
  for (const file of ['tokenizer.json', 'tokenizer_config.json']) {
    copyFileSync(join(FIXTURES, 'llama2_tokenizer_seq/base', file), join(folder, file));
  }
}

/** The adapter's configuration is one that PEFT wrote for all linear layers, with the rank changed. */
function writeAdapter(folder: string, shape: Shape): void {
  mkdirSync(folder);
  writeRandomSafetensors(join(folder, 'adapter_model.safetensors'), 'F32', adapterTensors(shape));
  const config = readFileSync(join(FIXTURES, 'sharded_bf16_all_linear/adapter/adapter_config.json'), 'utf8');
  writeJson(join(folder, 'adapter_config.json'), { ...JSON.parse(config), r: RANK, lora_alpha: 2 * RANK });
}

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
}
