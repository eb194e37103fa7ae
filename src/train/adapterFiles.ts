// The trained adapter as PEFT loads it, with its tokenizer, and the recipe that exports it.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WEIGHTS } from '../checkpoint/adapter.js';
import { ADAPTER_CONFIG } from '../checkpoint/adapterConfig.js';
import { HEAD_MODULES } from '../checkpoint/names.js';
import { safetensorsBytes } from '../checkpoint/safetensorsWriter.js';
import type { Task } from '../model/manifest.js';
import { RECIPE } from '../model/recipe.js';
import { type TokenizerDefinition, writeTokenizer } from '../text/tokenizer.js';
import type { LoraOptions } from './lora.js';
import { type Layout, tensorsOf } from './parameters.js';

export interface TrainedAdapter {
  readonly task: Task;
  readonly lora: LoraOptions;
  readonly layout: Layout;
  readonly values: Float32Array;
  readonly tokenizer: TokenizerDefinition;
  /** The base's path as the user gave it, for PEFT. */
  readonly base: string;
  /** The fields of recipe.json beside the adapter's. */
  readonly recipe: Readonly<Record<string, unknown>>;
}

/** The name of the adapter's folder beside the recipe. */
const ADAPTER = 'adapter';

/** Writes the adapter and its recipe into a folder. */
export function writeAdapter(
  folder: string,
  { task, lora, layout, values, tokenizer, base, recipe }: TrainedAdapter,
): void {
  const adapter = join(folder, ADAPTER);
  mkdirSync(adapter);
  writeTokenizer(tokenizer, adapter);
  writeJson(join(adapter, ADAPTER_CONFIG), {
    base_model_name_or_path: base,
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    lora_alpha: lora.alpha,
    lora_dropout: lora.dropout,
    modules_to_save: HEAD_MODULES,
    peft_type: 'LORA',
    r: lora.rank,
    target_modules: lora.targets,
    task_type: task === 'sequence' ? 'SEQ_CLS' : 'TOKEN_CLS',
  });
  const tensors = new Map([...tensorsOf(layout, values)].map(([name, tensor]) => [nameInPeft(name), tensor]));
  writeFileSync(join(adapter, WEIGHTS), safetensorsBytes(tensors));
  writeJson(join(folder, RECIPE), { ...recipe, adapter: ADAPTER });
}

/** The decoder's modules are inside `model`, the head beside it. */
function nameInPeft(name: string): string {
  return `base_model.model.${name.startsWith('layers.') ? 'model.' : ''}${name}`;
}

function writeJson(path: string, value: object): void {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
}
