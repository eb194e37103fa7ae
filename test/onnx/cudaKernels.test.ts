// Every operator of a float16 export has a kernel of the CUDA provider for the types that it gets, by ONNX Runtime's own
// list. An operator without one would run on the CPU, with copies to and from the GPU around it.

import { join } from 'node:path';
import { type GraphProto, type NodeProto, TensorProto_DataType } from 'onnx-buf';
import { beforeAll, describe, expect, it } from 'vitest';
import { exportModel } from '../../dist/model/export.js';
import { MODEL_FILE } from '../../dist/onnx/contract.js';
import { readGraph } from '../../dist/onnx/modelFile.js';
import { ROOT, readJson, temporaryFolder } from '../support/fixtures.js';
import { matrixCases } from '../support/matrix.js';

/** The types of each input of an operator. Those of a variadic operator all have the types of the first. */
const { kernels, variadic } = readJson(join(ROOT, 'test/fixtures/cudaKernels.json')) as {
  readonly kernels: Readonly<Record<string, readonly (readonly string[])[]>>;
  readonly variadic: readonly string[];
};

const NAMES: Readonly<Record<number, string>> = {
  [TensorProto_DataType.FLOAT]: 'float',
  [TensorProto_DataType.FLOAT16]: 'float16',
  [TensorProto_DataType.INT64]: 'int64',
  [TensorProto_DataType.BOOL]: 'bool',
};

/** The type of a node's output, as the operators' definitions have it. */
function outputType(node: NodeProto, inputTypes: readonly (string | undefined)[]): string | undefined {
  switch (node.opType) {
    case 'Cast':
      return NAMES[Number(node.attribute.find(({ name }) => name === 'to')!.i)];
    case 'Shape':
      return 'int64';
    case 'And':
    case 'Less':
    case 'Greater':
    case 'GreaterOrEqual':
      return 'bool';
    case 'Where':
      return inputTypes[1];
    default:
      return inputTypes[0];
  }
}

/** Each kind of node, as `Gather(float16, int64)`. */
function nodesOf(graph: GraphProto): { text: string; hasKernel: boolean }[] {
  const types = new Map<string, string | undefined>();
  for (const { name, dataType } of graph.initializer) types.set(name, NAMES[dataType]);
  for (const { name, type } of graph.input)
    if (type?.value.case === 'tensorType') types.set(name, NAMES[type.value.value.elemType]);
  return graph.node.map(node => {
    const inputTypes = node.input.map(name => (name === '' ? '' : types.get(name)));
    for (const output of node.output) types.set(output, outputType(node, inputTypes));
    const allowed = node.domain === '' ? kernels[node.opType] : undefined;
    const hasKernel = inputTypes.every((type, i) => {
      if (type === '') return true;
      const known = allowed?.[variadic.includes(node.opType) ? 0 : i];
      return type !== undefined && (known?.includes(type) ?? false);
    });
    return { text: `${node.opType}(${inputTypes.join(', ')})`, hasKernel };
  });
}

const out = temporaryFolder();
const cases = matrixCases();

describe('at float16, every operator has a kernel for CUDA', () => {
  const found = new Set<string>();

  it.each(cases.map(each => [each.name, each.request] as const))('%s', async (name, request) => {
    await exportModel({ ...request, precision: 'float16' }, join(out, name), { verify: false });
    const nodes = nodesOf(readGraph(join(out, name, MODEL_FILE)));
    for (const { text } of nodes) found.add(text);
    expect(nodes.filter(({ hasKernel }) => !hasKernel).map(({ text }) => text)).toEqual([]);
  });

  it('multiplies and attends in float16', () => {
    expect([...found]).toEqual(
      expect.arrayContaining(['Gemm(float16, float16)', 'Attention(float16, float16, float16)']),
    );
    expect([...found].filter(text => /^(Attention|RotaryEmbedding)\(.*float[,)]/.test(text))).toEqual([]);
  });
});

describe('at float32', () => {
  beforeAll(() => exportModel(cases[0]!.request, join(out, 'one at float32'), { verify: false }));

  it('an operator without a kernel would be found', () => {
    const graph = readGraph(join(out, 'one at float32', MODEL_FILE));
    graph.node.find(({ opType }) => opType === 'Gather')!.opType = 'NonMaxSuppression';
    expect(nodesOf(graph).some(({ hasKernel }) => !hasKernel)).toBe(true);
  });
});
