// Sliding-window attention: the layers of a config that use it, and the width of their windows.

import type { Fields } from './fields.js';

/** The two values of `layer_types`. */
export const SLIDING = 'sliding_attention';
export const FULL = 'full_attention';

/** The type of every layer: `layer_types`, or where that is absent the family's rule `slides` for a layer's number. */
export function layerTypes(fields: Fields, layers: number, slides: (layer: number) => boolean): string[] {
  const types = fields.value('layer_types');
  if (types === undefined)
    return Array.from({ length: layers }, (_, layer) => (slides(layer) ? SLIDING : FULL));
  const isKnown = (type: unknown) => type === SLIDING || type === FULL;
  if (!Array.isArray(types) || types.length !== layers || !types.every(isKnown)) {
    throw fields.bad('layer_types', `a list of ${layers} values, each ${SLIDING} or ${FULL}`);
  }
  return types as string[];
}

/** The window of every layer in tokens, from `sliding_window`; undefined for a layer with full attention. */
export function windowsByType(fields: Fields, types: readonly string[], fallback = 4096) {
  if (!types.includes(SLIDING)) return types.map(() => undefined);
  if (fields.isNull('sliding_window'))
    throw fields.bad('sliding_window', `a number, because layer_types has ${SLIDING}`);
  const window = fields.count('sliding_window', fallback);
  return types.map(type => (type === SLIDING ? window : undefined));
}

/** Qwen's rule: where use_sliding_window is true, the layers from max_window_layers on have windows. */
export function qwenWindows(fields: Fields, layers: number, maxWindowLayers = 28): (number | undefined)[] {
  const first = fields.number('max_window_layers', maxWindowLayers);
  return windowsWhereUsed(fields, layers, layer => layer >= first, 4096);
}

/**
 * Windows that use_sliding_window turns on. Without layer_types, the family's rule `slides` says which layers have them.
 * `fallback` is the default of sliding_window; where it is undefined, there are no windows by default.
 */
export function windowsWhereUsed(
  fields: Fields,
  layers: number,
  slides: (layer: number) => boolean,
  fallback: number | undefined,
): (number | undefined)[] {
  const hasWindow = fallback === undefined ? fields.has('sliding_window') : !fields.isNull('sliding_window');
  const isUsed = fields.flag('use_sliding_window') && hasWindow;
  const types = layerTypes(fields, layers, layer => isUsed && slides(layer));
  if (!isUsed && types.includes(SLIDING))
    throw fields.bad('use_sliding_window', `true, because layer_types has ${SLIDING}`);
  return windowsByType(fields, types, fallback);
}
