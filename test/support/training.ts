// The goldens of training: PyTorch's gradients through PEFT, and the weights after ten steps of AdamW.

import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalName } from '../../dist/checkpoint/names.js';
import { openCheckpoint } from '../../dist/checkpoint/open.js';
import { openSafetensors } from '../../dist/checkpoint/safetensors.js';
import type { WrittenTensor } from '../../dist/checkpoint/safetensorsWriter.js';
import type { Sequence } from '../../dist/engine/sequence.js';
import { newHead, withNewHead } from '../../dist/train/base.js';
import { type TrainingGraph, writeTrainingGraph } from '../../dist/train/graph.js';
import { loraOf } from '../../dist/train/lora.js';
import { layoutOf, sizeOf, tensorsOf } from '../../dist/train/parameters.js';
import { type Pass, TrainingSession } from '../../dist/train/session.js';
import { type Golden, ROOT, readJson } from './fixtures.js';

const GOLDENS = join(ROOT, 'test/fixtures/training/goldens');

interface GoldenFile {
  /** The folder of the case, relative to test/fixtures. */
  readonly case: string;
  readonly problemType: 'single' | 'multi';
  readonly loss: number;
  /** Before each of the ten steps. */
  readonly losses: readonly number[];
}

interface CaseFile {
  readonly base?: string;
  readonly adapters?: string[];
  readonly task: 'sequence' | 'token';
  readonly attention: 'causal' | 'bidirectional';
  readonly pooling?: 'last' | 'mean' | 'max' | null;
  readonly bidirectionalFrom?: number;
  readonly labels: string[];
}

export function trainingGoldens(): string[] {
  return readdirSync(GOLDENS).sort();
}

/** Tensors of a file by canonical name. */
async function readTensors(path: string): Promise<Map<string, WrittenTensor>> {
  const source = openSafetensors(path);
  const entries = [...source.tensors.values()].map(async ({ name, shape }) => {
    return [canonicalName(name), { shape, values: await source.read(name) }] as const;
  });
  const tensors = new Map(await Promise.all(entries));
  source.close();
  return tensors;
}

/** How a graph differs from that of its golden. */
interface GraphChanges {
  /** The dropout that the graph is made for; none in a golden. */
  readonly dropout?: number;
  /** The share of values that the masks drop; that of the graph unless it is given. */
  readonly dropped?: number;
  /** LoRA's alpha is so many times that of the golden. */
  readonly alphaFactor?: number;
}

/** What a golden was made from and what it has to give, and a session of its graph, which is written into `folderOfGraph`. */
export async function openTrainingGolden(
  name: string,
  folderOfGraph: string,
  { dropout = 0, dropped = dropout, alphaFactor = 1 }: GraphChanges = {},
) {
  const golden = readJson(join(GOLDENS, name, 'golden.json')) as GoldenFile;
  const folder = join(ROOT, 'test/fixtures', golden.case);
  const file = readJson(join(folder, 'case.json')) as CaseFile & { request?: CaseFile };
  const request: CaseFile = file.request ?? file;
  const { task, attention, labels } = request;
  const { base, adapters, close } = openCheckpoint({
    base: join(folder, request.base ?? 'base'),
    adapters: (request.adapters ?? ['adapter']).map(adapter => join(folder, adapter)),
  });
  const [adapter] = adapters;
  const head = newHead(task, labels.length);
  const [first] = adapter!.updates.values();
  const lora = loraOf(base.decoder, {
    rank: first!.rank,
    alpha: alphaFactor * first!.scale * first!.rank,
    dropout,
    targets: [...new Set([...adapter!.updates.keys()].map(module => module.split('.').at(-1)!))],
  });
  const pooling = request.pooling ?? (attention === 'causal' ? 'last' : 'mean');
  const graph: TrainingGraph = {
    decoder: base.decoder,
    weights: withNewHead(base, head),
    head,
    lora,
    readout: task === 'token' || pooling === 'last' ? 'rows' : pooling,
    loss: golden.problemType,
    bidirectionalFrom: attention === 'causal' ? base.decoder.layers : (request.bidirectionalFrom ?? 0),
    maxLength: 512,
  };
  const examples = (readJson(join(folder, 'golden.json')) as Golden[])
    .filter(({ input_ids }) => input_ids.length > 0)
    .sort((a, b) => a.input_ids.length - b.input_ids.length);
  const pass = passOf(examples, request, golden.problemType === 'multi', graph.readout === 'rows');
  const trained = await readTensors(join(adapter!.folder, 'adapter_model.safetensors'));
  const layout = layoutOf(lora, head, base.decoder.hiddenSize);
  const values = new Float32Array(sizeOf(layout));
  for (const [tensor, own] of tensorsOf(layout, values)) own.values.set(trained.get(tensor)!.values);
  mkdirSync(folderOfGraph);
  await writeTrainingGraph(folderOfGraph, graph, { withGradients: true, version: 'test', onProgress() {} });
  close();
  return {
    session: await TrainingSession.load(folderOfGraph, { layout, dropout: dropped, threads: 1 }),
    pass,
    losses: golden.losses,
    layout,
    values,
    loss: golden.problemType,
    readout: graph.readout,
    gradients: await readTensors(join(GOLDENS, name, 'gradients.safetensors')),
    afterTenSteps: await readTensors(join(GOLDENS, name, 'after_ten_steps.safetensors')),
  };
}

/** The batch and targets of make_training.py: one label in turn; with several, every second one too. */
function passOf(
  examples: readonly Golden[],
  { task, labels }: CaseFile,
  isMulti: boolean,
  readsRows: boolean,
): Pass {
  const rows: Float32Array[] = [];
  const sequences: Sequence[] = examples.map(({ input_ids, first_token_index }, example) => {
    const words = (first_token_index ?? []).filter(position => position !== null);
    const read = task === 'token' ? words : [input_ids.length - 1];
    for (let row = 0; row < read.length; row++) {
      const targets = new Float32Array(labels.length);
      for (let step = 0; step < (isMulti ? labels.length : 1); step += 2) {
        targets[(example + row + step) % labels.length] = 1;
      }
      rows.push(targets);
    }
    return { ids: Int32Array.from(input_ids), headPositions: Int32Array.from(readsRows ? read : []) };
  });
  const targets = Float32Array.from(rows.flatMap(row => [...row]));
  return {
    sequences,
    targets: { shape: [rows.length, labels.length], values: targets },
    random: [0],
    lossScale: 1 / (isMulti ? targets.length : rows.length),
  };
}

/** The norm of the difference, relative to the norm of what is expected. */
export function relativeError(found: Float32Array, expected: Float32Array): number {
  const norm = (values: Float32Array) => Math.hypot(...values);
  return norm(found.map((value, i) => value - expected[i]!)) / norm(expected);
}
