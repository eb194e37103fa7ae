// Writes a checkpoint of LLaMA-2-7B's shape with random weights (13.5 GB), whose export export7b.ts measures.
// OUT/base holds three bfloat16 shards, OUT/adapter an adapter of rank 16 on every linear layer and a head of 4 labels.
// usage: npx tsx bench/checkpoint7b.ts OUT [--layers N]

import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { program } from 'commander';
import { wholeNumber } from '../dist/commands/options.js';
import { requireFree } from './disk.ts';
import { DEVIATION, elementCount, type Tensor, writeRandomSafetensors } from './randomSafetensors.ts';

const HIDDEN = 4096;
const INTERMEDIATE = 11008;
const VOCABULARY = 32_000;
const SHARDS = 3;
const RANK = 16;
const LABELS = 4;
const BFLOAT16_ONE = 0x3f80;

/** Shapes [out, in] of a layer's linear modules. */
const LINEARS = {
  'self_attn.q_proj': [HIDDEN, HIDDEN],
  'self_attn.k_proj': [HIDDEN, HIDDEN],
  'self_attn.v_proj': [HIDDEN, HIDDEN],
  'self_attn.o_proj': [HIDDEN, HIDDEN],
  'mlp.gate_proj': [INTERMEDIATE, HIDDEN],
  'mlp.up_proj': [INTERMEDIATE, HIDDEN],
  'mlp.down_proj': [HIDDEN, INTERMEDIATE],
} as const;

const FIXTURES = fileURLToPath(new URL('../test/fixtures/checkpoints/', import.meta.url));

program
  .description('write a checkpoint of LLaMA-2-7B’s shape with random weights')
  .argument('<out>', 'the folder to write base/ and adapter/ into')
  .option('--layers <n>', 'layers of the base; fewer make a quick trial', wholeNumber(1), 32)
  .parse();
const [out] = program.args as [string];
const { layers } = program.opts<{ layers: number }>();
mkdirSync(out, { recursive: true });
if (readdirSync(out).length > 0) program.error(`error: ${out}: expected an empty folder`);

const base = baseTensors();
requireFree(out, 2 * base.reduce((sum, tensor) => sum + elementCount(tensor), 0));

writeBase(join(out, 'base'), base);
writeAdapter(join(out, 'adapter'));

function baseTensors(): Tensor[] {
  const norm = (name: string): Tensor => ({ name, shape: [HIDDEN], fill: BFLOAT16_ONE });
  return [
    { name: 'model.embed_tokens.weight', shape: [VOCABULARY, HIDDEN] },
    ...layerNames().flatMap(layer => [
      ...Object.entries(LINEARS).map(([module, shape]) => ({ name: `${layer}.${module}.weight`, shape })),
      norm(`${layer}.input_layernorm.weight`),
      norm(`${layer}.post_attention_layernorm.weight`),
    ]),
    norm('model.norm.weight'),
    { name: 'lm_head.weight', shape: [VOCABULARY, HIDDEN] },
  ];
}

function adapterTensors(): Tensor[] {
  return [
    { name: 'base_model.model.score.weight', shape: [LABELS, HIDDEN] },
    ...layerNames().flatMap(layer =>
      Object.entries(LINEARS).flatMap(([module, [rows, width]]) => [
        { name: `base_model.model.${layer}.${module}.lora_A.weight`, shape: [RANK, width] },
        { name: `base_model.model.${layer}.${module}.lora_B.weight`, shape: [rows, RANK] },
      ]),
    ),
  ];
}

function layerNames(): string[] {
  return Array.from({ length: layers }, (_, layer) => `model.layers.${layer}`);
}

function writeBase(folder: string, tensors: readonly Tensor[]): void {
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
    process.stderr.write(`${file}\n`);
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
    hidden_size: HIDDEN,
    initializer_range: DEVIATION,
    intermediate_size: INTERMEDIATE,
    max_position_embeddings: 4096,
    model_type: 'llama',
    num_attention_heads: 32,
    num_hidden_layers: layers,
    num_key_value_heads: 32,
    pad_token_id: null,
    pretraining_tp: 1,
    rms_norm_eps: 1e-5,
    rope_scaling: null,
    rope_theta: 10_000,
    tie_word_embeddings: false,
    use_cache: true,
    vocab_size: VOCABULARY,
  });
  for (const file of ['tokenizer.json', 'tokenizer_config.json']) {
    copyFileSync(join(FIXTURES, 'llama2_tokenizer_seq/base', file), join(folder, file));
  }
}

/** The adapter's configuration is one that PEFT wrote for all linear layers, with the rank changed. */
function writeAdapter(folder: string): void {
  mkdirSync(folder);
  writeRandomSafetensors(join(folder, 'adapter_model.safetensors'), 'F32', adapterTensors());
  const config = readFileSync(join(FIXTURES, 'sharded_bf16_all_linear/adapter/adapter_config.json'), 'utf8');
  writeJson(join(folder, 'adapter_config.json'), { ...JSON.parse(config), r: RANK, lora_alpha: 2 * RANK });
}

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
}
