// Presents a GGUF file's tensors as Hugging Face stores them: under its names, with its order of rows and its norms.

import { UserError } from '../errors.js';
import type { GgufFile } from './gguf.js';
import { type Architecture, architectureOf, MODULES } from './ggufArchitectures.js';
import { GgufKeys } from './ggufKeys.js';
import { isRopeTensor } from './ggufRope.js';
import { rowWidth, type TensorInfo, type TensorSource } from './tensors.js';

/**
 * The file's tensors under Hugging Face's names, with their rows in Hugging Face's order.
 * Throws UserError for a tensor that is unknown, because leaving it out could change the result.
 */
export function ggufAsHuggingFace(file: GgufFile): TensorSource {
  const architecture = architectureOf(file.metadata);
  const keys = new GgufKeys(file.metadata, architecture.name);
  const layers = keys.number('block_count');
  const tensors = new Map<string, TensorInfo>();
  const stored = new Map<string, { name: string; heads: number | undefined; offset: number }>();
  for (const info of file.tensors.values()) {
    if (isRopeTensor(info.name, architecture)) continue;
    const { name, module } = translate(info.name, architecture, layers, file.name);
    const counter = architecture.interleaved?.get(module);
    const heads = counter && keys.headCount(counter);
    if (heads !== undefined && info.shape[0]! % (2 * heads) !== 0) {
      throw new UserError(
        `${info.name}: expected rows for ${heads} heads of an even size, found [${info.shape.join(', ')}] in ${file.name}`,
      );
    }
    tensors.set(name, { ...info, name });
    const offset = name.endsWith('norm.weight') ? (architecture.normOffset ?? 0) : 0;
    stored.set(name, { name: info.name, heads, offset });
  }
  return {
    name: file.name,
    tensors,
    async read(name, start = 0, end = tensors.get(name)?.shape[0] ?? 1) {
      const found = stored.get(name);
      if (!found) throw new UserError(`${file.name}: holds no tensor ${name}`);
      if (found.heads === undefined) {
        const values = await file.read(found.name, start, end);
        if (found.offset !== 0) for (const i of values.keys()) values[i]! -= found.offset;
        return values;
      }
      // Rows change places within a head, so whole heads are read, and the rows from start to end are cut out of them.
      const { shape } = tensors.get(name)!;
      const headDim = shape[0]! / found.heads;
      const first = Math.floor(start / headDim) * headDim;
      const last = Math.ceil(end / headDim) * headDim;
      const heads = separateHalves(await file.read(found.name, first, last), headDim, rowWidth(shape));
      return heads.subarray((start - first) * rowWidth(shape), (end - first) * rowWidth(shape));
    },
    close: () => file.close(),
  };
}

const TENSOR_NAME = /^(?:blk\.(?<layer>0|[1-9]\d*)\.)?(?<module>\w+)\.(?<kind>weight|bias)$/;

function translate(tensor: string, architecture: Architecture, layers: number, file: string) {
  const { layer, module = '', kind } = TENSOR_NAME.exec(tensor)?.groups ?? {};
  const known = layer === undefined ? MODULES.get(module) : architecture.layerModules.get(module);
  if (known === undefined || Number(layer ?? 0) >= layers) {
    throw new UserError(
      `${tensor}: found in ${file}: no such tensor is known in a ${architecture.modelType} of ${layers} layers, ` +
        'and leaving it out could change the result',
    );
  }
  return { name: `${layer === undefined ? '' : `model.layers.${layer}.`}${known}.${kind}`, module };
}

/**
 * Undoes llama.cpp's interleaving of rotary halves in whole heads of `headDim` rows. With D the head size, i < D/2
 * and j in {0, 1}, row h*D + 2*i + j of the file becomes row h*D + j*D/2 + i.
 */
function separateHalves(values: Float32Array, headDim: number, width: number): Float32Array {
  const separated = new Float32Array(values.length);
  for (let row = 0; row * width < values.length; row++) {
    const within = row % headDim;
    const to = row - within + (within % 2) * (headDim / 2) + Math.floor(within / 2);
    separated.set(values.subarray(row * width, (row + 1) * width), to * width);
  }
  return separated;
}
