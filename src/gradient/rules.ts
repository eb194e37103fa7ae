// The gradient rule of each operator that a decoder and its head are made of.

import { attention, rotaryEmbedding } from './attention.js';
import type { Rule } from './backward.js';
import { add, divide, gelu, identity, multiply, relu } from './elementwise.js';
import { gemm } from './gemm.js';
import { layerNorm, rmsNorm } from './norm.js';
import { gather, reshape, scatterElements } from './rows.js';

/** By the operators' names in ONNX. */
export const RULES: ReadonlyMap<string, Rule> = new Map([
  ['Add', add],
  ['Attention', attention],
  ['Div', divide],
  ['Gather', gather],
  ['Gelu', gelu],
  ['Gemm', gemm],
  ['Identity', identity],
  ['LayerNormalization', layerNorm],
  ['Mul', multiply],
  ['Relu', relu],
  ['Reshape', reshape],
  ['RMSNormalization', rmsNorm],
  ['RotaryEmbedding', rotaryEmbedding],
  ['ScatterElements', scatterElements],
]);
