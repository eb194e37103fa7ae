// Configs and fields that users and the authors of other software reported, read as transformers reads them.

import { expect, it } from 'vitest';
import { parseDecoderConfig } from '../../dist/checkpoint/families.js';
import { parseHeadConfig } from '../../dist/checkpoint/headConfig.js';
import { linearLayers } from '../../dist/checkpoint/layers.js';

const parse = (config: Record<string, unknown>) => parseDecoderConfig(config as never, 'config.json');

// OpenNMT/CTranslate2 pull request 1882 and ggml-org/llama.cpp pull request 9412 tell the four multipliers.
it('reads the multipliers of Granite, beside a flat rope_theta', () => {
  const config = parse({
    model_type: 'granite',
    vocab_size: 49_155,
    hidden_size: 4096,
    intermediate_size: 12_800,
    num_hidden_layers: 40,
    num_attention_heads: 32,
    num_key_value_heads: 8,
    max_position_embeddings: 131_072,
    rope_theta: 10_000_000,
    rope_scaling: null,
    attention_multiplier: 0.0078125,
    embedding_multiplier: 12,
    logits_scaling: 16,
    residual_multiplier: 0.22,
  });
  expect(config).toMatchObject({ attentionScale: 1 / 128, embeddingScale: 12, residualScale: 0.22 });
  expect(config.rotaries[0]!.frequencies[1]).toBeCloseTo(1e7 ** (-1 / 64), 6);
});

it('scales nothing where a Granite names no multiplier, not even attention by its head width', () => {
  const config = parse({ model_type: 'granite' });
  expect(config).toMatchObject({ attentionScale: 1, embeddingScale: 1, residualScale: 1 });
});

// huggingface/transformers issue 43756 and huggingface/smollm issue 130 read the 1 as "no rotary positions";
// elixir-nx/bumblebee pull request 422 says that it turns them on, as the model computes it.
it('rotates the layers of SmolLM3 that have a 1 in no_rope_layers', () => {
  const sizes = { model_type: 'smollm3', num_hidden_layers: 4 };
  const rotates = (config: Record<string, unknown>) =>
    parse({ ...sizes, ...config }).rotaries.map(rotary => rotary !== undefined);
  expect(rotates({ no_rope_layers: [0, 0, 0, 1] })).toEqual([false, false, false, true]);
  expect(rotates({ no_rope_layers: [1, 1, 1, 0, 1, 1] })).toEqual([true, true, true, false]);
});

// mattn/tensai pull request 57 knows only the interval, as a GGUF file of SmolLM3 does.
it('leaves every fourth layer of a SmolLM3 without rotary positions where the config has no list', () => {
  const { rotaries, windows } = parse({ model_type: 'smollm3', rope_theta: 5_000_000 });
  expect(rotaries.flatMap((rotary, layer) => (rotary ? [] : [layer]))).toEqual([
    3, 7, 11, 15, 19, 23, 27, 31, 35,
  ]);
  expect(windows.every(window => window === undefined)).toBe(true);
});

it('gives a SmolLM3 that uses windows one in each layer without rotary positions', () => {
  const sizes = { model_type: 'smollm3', num_hidden_layers: 4, use_sliding_window: true };
  expect(parse({ ...sizes, sliding_window: 16 }).windows).toEqual([undefined, undefined, undefined, 16]);
  expect(parse(sizes).windows).toEqual(Array(4).fill(undefined));
});

// The norms are those that NVIDIA-NeMo/Megatron-Bridge pull request 3698 and EleutherAI/gpt-neox pull request 1408 tell.
it('gives OLMo 2 norms after attention and MLP alone, and norms over all heads', () => {
  const config = parse({ model_type: 'olmo2', num_hidden_layers: 16, rope_theta: 500_000 });
  expect(config).toMatchObject({ preNorms: false, postNorms: true, queryKeyNorms: 'all heads' });
  const readsStream = linearLayers(config).filter(({ producer }) => producer === undefined);
  expect(readsStream.map(({ name }) => name.split('.')[1])).toEqual([
    'q_proj',
    'k_proj',
    'v_proj',
    'gate_proj',
    'up_proj',
  ]);
});

// vllm-project/vllm pull request 2598: use_qkv_bias came with Stable LM 2, and the configs before it have no such field.
// vllm-project/vllm-metal issue 656: a quarter of each head is rotated, 16 dimensions of 64.
it('reads a StableLM 2, and a StableLM from before use_qkv_bias', () => {
  const sizes = { model_type: 'stablelm', hidden_size: 2048, num_attention_heads: 32 };
  const second = parse({ ...sizes, use_qkv_bias: true, partial_rotary_factor: 0.25, rope_theta: 10_000 });
  expect(second).toMatchObject({ queryKeyValueBias: true, outputBias: false, norm: 'layer', normBias: true });
  expect(second.rotaries[0]!.dimensions).toBe(16);
  const first = parse(sizes);
  expect(first.queryKeyValueBias).toBe(false);
  expect(first.rotaries).toEqual(second.rotaries);
});

// huggingface/transformers pull request 29745 brought both for Stable LM 2 12B; antonellof/ferrox pull request 232 tells
// that each head has a norm of its own there.
it('refuses a StableLM with a norm for each head, and reads one with parallel blocks', () => {
  const config = { model_type: 'stablelm', use_parallel_residual: true };
  expect(parse(config).parallelBlocks).toBe(true);
  expect(() => parse({ ...config, qk_layernorm: true })).toThrow(/qk_layernorm: expected false, found true/);
});

// The sizes are those that ggml-org/llama.cpp pull request 10900 reports of Command R7B; vllm-project/vllm pull request
// 11583 lists its windows layer by layer. TransformerLensOrg/TransformerLens pull request 1485 names both ways to tell
// the layers with windows.
it('rotates only the layers of Command R7B that have windows, whichever way the config tells them', () => {
  const config = {
    model_type: 'cohere2',
    vocab_size: 256_000,
    hidden_size: 4096,
    intermediate_size: 14_336,
    num_hidden_layers: 8,
    num_attention_heads: 32,
    num_key_value_heads: 8,
    layer_norm_eps: 1e-5,
    logit_scale: 0.25,
    position_embedding_type: 'rope_gptj',
    rope_theta: 50_000,
    sliding_window: 4096,
  };
  const three = [4096, 4096, 4096, undefined];
  const read = parse({ ...config, sliding_window_pattern: 4 });
  expect(read).toMatchObject({ windows: [...three, ...three], parallelBlocks: true, normBias: false });
  expect(read.rotaries.map(rotary => rotary?.pairs)).toEqual(
    read.windows.map(window => window && 'neighbours'),
  );
  const layer_types = read.windows.map(window => (window ? 'sliding_attention' : 'full_attention'));
  expect(parse({ ...config, layer_types })).toEqual(read);
  expect(parse(config)).toEqual(read);
});

it.each([
  ['olmo2', 1],
  ['smollm3', 128_004],
  ['cohere2', 0],
  ['granite', undefined],
])('takes the padding token that %s has by default', (model_type, padTokenId) => {
  expect(parseHeadConfig({ model_type }, 'config.json').padTokenId).toBe(padTokenId);
  expect(parseHeadConfig({ model_type, pad_token_id: null }, 'config.json').padTokenId).toBeUndefined();
});
