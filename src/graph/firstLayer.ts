// Cuts a written model down to its first layer, which can run where the whole model would not fit into memory.

import { join } from 'node:path';
import { layerOf, splitLayer } from '../checkpoint/layers.js';
import { MODEL_FILE } from '../onnx/contract.js';
import { writePruned } from '../onnx/modelFile.js';

/**
 * Writes `folder`/`name`: the folder's model without the layers after the first, whose output the head then reads.
 * Its weights stay in the model's own data file.
 */
export function writeFirstLayer(folder: string, name: string): void {
  writePruned(join(folder, MODEL_FILE), join(folder, name), {
    // The name of every weight and value of a layer starts with the layer's name.
    isDropped: value => (layerOf(value) ?? 0) > 0,
    // Outside a layer only its output is read.
    substitute: value => `layers.0.${splitLayer(value)!.name}`,
  });
}
