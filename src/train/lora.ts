// The low-rank updates that are trained: which modules have one, and the shapes and names of its matrices.
// LoRA, https://arxiv.org/abs/2106.09685 section 4.1.

import type { DecoderConfig } from '../checkpoint/config.js';
import { linearLayers } from '../checkpoint/layers.js';
import { UserError } from '../errors.js';

export interface LoraOptions {
  readonly rank: number;
  readonly alpha: number;
  /** The share of the values that an update does not see in training. */
  readonly dropout: number;
  /** The last parts of module names: q_proj. */
  readonly targets: readonly string[];
}

export interface Lora {
  /** By canonical name: layers.0.self_attn.q_proj. */
  readonly modules: readonly string[];
  /** What the product of the two matrices is multiplied by: alpha / rank. */
  readonly scale: number;
  readonly dropout: number;
  /** The names of a module's matrices: A [rank, in] and B [out, rank]. */
  a(module: string): string;
  b(module: string): string;
  /** The shape of a matrix, undefined for another tensor. */
  shapeOf(tensor: string): readonly number[] | undefined;
}

const ALL_LINEAR = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'];

/** The targets that a text names: `all-linear`, or names with commas between them. */
export function targetsOf(text: string): readonly string[] {
  return text === 'all-linear' ? ALL_LINEAR : text.split(',').map(name => name.trim());
}

/** The updates of a decoder's linear layers that `targets` names. Throws UserError where it has none of a name. */
export function loraOf(config: DecoderConfig, { rank, alpha, dropout, targets }: LoraOptions): Lora {
  const names = linearLayers(config).map(({ name }) => name.slice(name.indexOf('.') + 1));
  const unknown = targets.find(target => !names.includes(target));
  if (unknown !== undefined) {
    throw new UserError(
      `targets: expected some of ${names.join(', ')}, or all-linear, found ${JSON.stringify(unknown)}`,
    );
  }
  const layers = linearLayers(config).filter(({ name }) =>
    targets.some(target => name.endsWith(`.${target}`)),
  );
  const shapes = new Map<string, readonly number[]>();
  const modules: string[] = [];
  const a = (module: string) => `${module}.lora_A.weight`;
  const b = (module: string) => `${module}.lora_B.weight`;
  for (let layer = 0; layer < config.layers; layer++) {
    for (const { name, inputs, outputs } of layers) {
      const module = `layers.${layer}.${name}`;
      modules.push(module);
      shapes.set(a(module), [rank, inputs]).set(b(module), [outputs, rank]);
    }
  }
  return { modules, scale: alpha / rank, dropout, a, b, shapeOf: tensor => shapes.get(tensor) };
}
