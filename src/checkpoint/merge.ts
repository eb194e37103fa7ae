// A base with its adapters merged in: the tensor source that a graph is written from.

import { UserError } from '../errors.js';
import type { Adapter, LowRankUpdate } from './adapter.js';
import type { Base } from './base.js';
import type { TensorInfo, TensorSource } from './tensors.js';

/** Names that transformers and the LS-LLaMA training code give the label head. */
const HEAD_MODULES = ['score', 'classifier'];

/** The label head's tensors by name: weight [labels, hidden], bias [labels] where it has one. */
export interface Head {
  readonly weight: string;
  readonly bias: string | undefined;
  readonly rows: number;
}

/**
 * Canonical tensors with every adapter merged in, in order, in float32, as each is read.
 * Throws UserError where an adapter does not fit the base.
 */
export function mergeAdapters(base: Base, adapters: readonly Adapter[]): TensorSource {
  return adapters.reduce<TensorSource>(
    (weights, adapter) => mergeAdapter(weights, base, adapter),
    base.weights,
  );
}

/** Finds the trained label head, and checks its width. Throws UserError where there is none or two. */
export function findHead(weights: TensorSource, base: Base, adapters: readonly Adapter[]): Head {
  const trainedBy = adapters.findLast(adapter =>
    HEAD_MODULES.some(head => adapter.trained.has(`${head}.weight`)),
  );
  if (adapters.length > 0 && !trainedBy) {
    throw new UserError(
      `adapter ${adapters.map(adapter => adapter.name).join(', ')}: carries no trained head (score or classifier), ` +
        'so its predictions would be random: train with modules_to_save=["score"] and save it again',
    );
  }
  const names = trainedBy ? trainedBy.trained : weights.tensors;
  const modules = HEAD_MODULES.filter(head => names.has(`${head}.weight`));
  if (modules.length !== 1) {
    throw new UserError(
      `${trainedBy?.name ?? base.weights.name}: expected one label head, ${HEAD_MODULES.join(' or ')}, ` +
        (modules.length > 1 ? 'found both' : 'found none: is this a classifier, or does it need an adapter?'),
    );
  }
  const weight = `${modules[0]}.weight`;
  const bias = `${modules[0]}.bias`;
  const { shape } = weights.tensors.get(weight)!;
  if (shape.length !== 2 || shape[1] !== base.decoder.hiddenSize) {
    throw new UserError(
      `${weight}: expected [labels, ${base.decoder.hiddenSize}], found [${shape.join(', ')}] in ${trainedBy?.source.name ?? base.weights.name}`,
    );
  }
  return { weight, bias: weights.tensors.has(bias) ? bias : undefined, rows: shape[0]! };
}

function mergeAdapter(weights: TensorSource, base: Base, adapter: Adapter): TensorSource {
  const tensors = new Map(weights.tensors);
  for (const [name, key] of adapter.trained) {
    const info: TensorInfo = { ...adapter.source.tensors.get(key)!, name };
    const replaced = weights.tensors.get(name);
    const isHead = HEAD_MODULES.some(head => name.startsWith(`${head}.`));
    if (!isHead && replaced?.shape.join() !== info.shape.join()) {
      throw mismatch(adapter, key, replaced?.shape, info.shape);
    }
    tensors.set(name, info);
  }
  for (const [module, update] of adapter.updates) checkUpdate(weights, adapter, module, update);
  if (adapter.everyLayer) checkEveryLayer(adapter, base.decoder.layers);
  return {
    name: base.weights.name,
    tensors,
    read(name) {
      const trained = adapter.trained.get(name);
      if (trained) return adapter.source.read(trained);
      const update = name.endsWith('.weight')
        ? adapter.updates.get(name.slice(0, -'.weight'.length))
        : undefined;
      const values = weights.read(name);
      if (update) addLowRank(values, adapter.source.read(update.a), adapter.source.read(update.b), update);
      return values;
    },
    close() {
      weights.close();
      adapter.source.close();
    },
  };
}

function checkUpdate(weights: TensorSource, adapter: Adapter, module: string, update: LowRankUpdate): void {
  const weight = weights.tensors.get(`${module}.weight`);
  if (!weight) {
    throw new UserError(
      `adapter ${adapter.name}: changes ${module}, which the base ${weights.name} does not have: it was trained on another base`,
    );
  }
  const [out, width] = weight.shape;
  const a = adapter.source.tensors.get(update.a)!.shape;
  const b = adapter.source.tensors.get(update.b)!.shape;
  if (a.join() !== [update.rank, width].join()) throw mismatch(adapter, update.a, [update.rank, width!], a);
  if (b.join() !== [out, update.rank].join()) throw mismatch(adapter, update.b, [out!, update.rank], b);
}

/** An adapter that stops before the base's last layer was made for a smaller base, or lost tensors. */
function checkEveryLayer(adapter: Adapter, layers: number): void {
  const targets = new Set<string>();
  for (const module of adapter.updates.keys()) {
    const target = /^layers\.\d+\.(.+)$/.exec(module)?.[1];
    if (target) targets.add(target);
  }
  for (const target of targets) {
    for (let layer = 0; layer < layers; layer++) {
      if (adapter.updates.has(`layers.${layer}.${target}`)) continue;
      throw new UserError(
        `adapter ${adapter.name}: changes ${target} in some layers, but not in layer ${layer} of the base's ${layers}: ` +
          'it was trained on another base, or is incomplete',
      );
    }
  }
}

function mismatch(
  adapter: Adapter,
  key: string,
  expected: readonly number[] | undefined,
  found: readonly number[],
) {
  return new UserError(
    `${key}: expected ${expected ? `[${expected.join(', ')}]` : 'no such tensor'}, found [${found.join(', ')}] in ` +
      `${adapter.source.name}: the adapter was trained on another base`,
  );
}

/**
 * weight [out, in] += scale * (b [out, rank] a [rank, in]), rounded to float32 where PEFT rounds: after the product,
 * after the scale and after the sum. (Rounding once would be closer to exact, and further from PEFT's logits.)
 */
function addLowRank(
  weight: Float32Array,
  a: Float32Array,
  b: Float32Array,
  { rank, scale }: LowRankUpdate,
): void {
  const width = a.length / rank;
  const rows = b.length / rank;
  const product = new Float64Array(width);
  for (let out = 0; out < rows; out++) {
    product.fill(0);
    for (let r = 0; r < rank; r++) {
      const factor = b[out * rank + r]!;
      const from = r * width;
      for (let i = 0; i < width; i++) product[i]! += factor * a[from + i]!;
    }
    const to = out * width;
    for (let i = 0; i < width; i++) weight[to + i]! += Math.fround(Math.fround(product[i]!) * scale);
  }
}
