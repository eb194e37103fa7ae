// Checks that the base has every module that an adapter changes. An adapter for another family, or one whose names are
// written in an unknown way, could otherwise be merged in part.

import { UserError } from '../errors.js';
import type { Adapter } from './adapter.js';
import type { DecoderConfig } from './config.js';
import { splitLayer } from './layers.js';
import { HEAD_MODULES, isHead, LM_HEAD, splitName, unwrappedName } from './names.js';
import type { TensorSource } from './tensors.js';

/**
 * Throws UserError naming the first change that does not belong to the base with these weights. It says that the adapter
 * was trained on another base only where the number of layers shows it.
 */
export function checkModules(adapter: Adapter, weights: TensorSource, decoder: DecoderConfig): void {
  for (const [module, update] of adapter.updates) {
    const name = `${module}.weight`;
    if (adapter.trained.has(name)) continue;
    if (module === LM_HEAD) {
      // It has a row for each label, so the base's has to be cut down as well.
      const rows = adapter.source.tensors.get(update.b)!.shape[0];
      if (weights.tensors.get(name)?.shape[0] === rows) continue;
      throw headWithoutWeights(adapter, module, ` of ${rows} rows`, weights);
    }
    if (weights.tensors.has(name)) continue;
    if (isHead(module)) throw headWithoutWeights(adapter, module, '', weights);
    throw unknownModule(adapter, update.module, module, weights, decoder);
  }
  const rows = [...adapter.trainedRows].map(([name, { rows }]) => [name, rows] as const);
  for (const [name, key] of [...adapter.trained, ...rows]) {
    const { module } = splitName(name);
    if (isHead(module) || module === LM_HEAD || weights.tensors.has(name)) continue;
    throw unknownModule(adapter, unwrappedName(key), module, weights, decoder);
  }
}

/** `found` is the name in the trained model, `module` the canonical one. */
function unknownModule(
  adapter: Adapter,
  found: string,
  module: string,
  weights: TensorSource,
  { family, layers }: DecoderConfig,
): UserError {
  const layer = splitLayer(module)?.layer;
  if (layer !== undefined && layer >= layers) {
    return new UserError(
      `adapter ${adapter.name}: changes ${found}, but the base ${weights.name} has layers 0 to ${layers - 1}: the adapter was trained on another base`,
    );
  }
  const expected =
    layer === undefined
      ? `embed_tokens, layers, norm or a head (${HEAD_MODULES.join(', ')})`
      : `one of ${modulesOfLayer(weights, layer).join(', ')}`;
  return new UserError(
    `adapter ${adapter.name}: changes ${found}, which the base ${weights.name}, a ${family} model, does not have: expected ${expected}`,
  );
}

function modulesOfLayer(weights: TensorSource, layer: number): string[] {
  const parts = [...weights.tensors.keys()].map(splitName).map(({ module }) => splitLayer(module));
  return [...new Set(parts.flatMap(part => (part?.layer === layer ? [part.name] : [])))].sort();
}

function headWithoutWeights(adapter: Adapter, head: string, size: string, weights: TensorSource): UserError {
  return new UserError(
    `adapter ${adapter.name}: changes the head ${head}${size}, whose weights are neither in the adapter nor in the base ${weights.name}, ` +
      `so they would be random: train it with modules_to_save=["${head}"] and save it again`,
  );
}
