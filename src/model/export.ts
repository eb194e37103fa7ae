// The export journey: base and adapters, merged, written as a graph, verified, with their manifest: a model folder.

import { existsSync, readdirSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { basename, join, resolve, sep } from 'node:path';
import { type Calibration, calibrate } from '../calibrate/calibrate.js';
import { type Adapter, openAdapter } from '../checkpoint/adapter.js';
import { type Base, openBase } from '../checkpoint/base.js';
import { mergeAdapters } from '../checkpoint/merge.js';
import { UserError } from '../errors.js';

import { type Int8Choice, type Readout, writeGraph } from '../graph/write.js';
import { Tokenizer, writeTokenizer } from '../text/tokenizer.js';
import { verifyExport } from '../verify/verify.js';
import { VERSION } from '../version.js';
import { ingredientsOf } from './identity.js';
import { fileSizes, isModelFolder, MANIFEST, type Manifest } from './manifest.js';
import { writeWholeFolder } from './partial.js';
import { type Plan, planExport } from './plan.js';
import type { ExportRequest } from './recipe.js';
import { readTokenizerAt, tokenizerPlace } from './tokenizerPlace.js';

export interface ExportOptions {
  /** The model's name in its manifest; the folder's own name unless it is given. */
  readonly name?: string;
  /** Replaces an existing folder. */
  readonly force?: boolean;
  /** Told of the bytes written so far, and of all there will be. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Whether an export at int8 measures what each of its layers needs; true unless it is given. */
  readonly calibrate?: boolean;
  /** Told of the layers measured so far, and of all there are. */
  readonly onCalibrate?: (done: number, total: number) => void;
  /** Whether what was written is run and compared with the checkpoint; true unless it is given. */
  readonly verify?: boolean;
  /** Told of the weights compared so far, and of all there are to compare. */
  readonly onVerify?: (done: number, total: number) => void;
}

/**
 * Writes the model folder `out`, which appears whole or not at all.
 * Throws UserError where `out` exists, for what is wrong with the ingredients, or where the verification fails.
 */
export async function exportModel(
  request: ExportRequest,
  out: string,
  options: ExportOptions = {},
): Promise<Manifest> {
  const target = resolve(out);
  if (existsSync(target) && !options.force) {
    throw new UserError(`${out}: already exists; --force replaces it`);
  }
  checkReplaceable(request, target, out);
  const sources: { close(): void }[] = [];
  try {
    const base = openBase(request.base);
    sources.push(base.weights);
    const adapters = request.adapters.map(folder => {
      const adapter = openAdapter(folder);
      sources.push(adapter.source);
      return adapter;
    });
    return await writeFolder(request, base, adapters, target, options);
  } finally {
    for (const source of sources) source.close();
  }
}

/** Only a model folder, or an empty one, is ever replaced, and none that the export itself is made from. */
function checkReplaceable({ base, adapters, tokenizer }: ExportRequest, target: string, out: string): void {
  if (!existsSync(target)) return;
  if (!statSync(target).isDirectory())
    throw new UserError(`${out}: expected a folder to replace, found a file`);
  if (!isModelFolder(target) && readdirSync(target).length > 0) {
    throw new UserError(
      `${out}: expected a model folder to replace, found one without ${MANIFEST}: remove it first`,
    );
  }
  for (const ingredient of [base, ...adapters, ...(tokenizer ? [tokenizer] : [])]) {
    if (
      existsSync(ingredient) &&
      `${realpathSync(ingredient)}${sep}`.startsWith(`${realpathSync(target)}${sep}`)
    ) {
      throw new UserError(`${out}: expected another folder than the one ${basename(ingredient)} lies in`);
    }
  }
}

async function writeFolder(
  request: ExportRequest,
  base: Base,
  adapters: readonly Adapter[],
  target: string,
  options: ExportOptions,
): Promise<Manifest> {
  const definition = readTokenizerAt(tokenizerPlace(request));
  const tokenizer = new Tokenizer(definition);
  const merged = mergeAdapters(base, adapters);
  const plan = planExport(request, base, adapters, merged.head, tokenizer);
  // takes its time beside the merge
  const hashing = ingredientsOf(request);
  hashing.catch(() => {});
  return writeWholeFolder(target, async folder => {
    const calibration =
      plan.precision === 'int8' && options.calibrate !== false
        ? await calibrate(
            merged,
            tokenizer,
            { ...plan, onProgress: options.onCalibrate ?? (() => {}) },
            folder,
          )
        : null;
    const graph = {
      ...plan,
      choices: choicesByModule(calibration),
      readout: readoutOf(plan),
      producerVersion: VERSION,
    };
    await writeGraph(folder, calibration?.merged ?? merged, {
      ...graph,
      onProgress: options.onProgress ?? (() => {}),
    });
    writeTokenizer(definition, folder);
    const ingredients = await hashing;
    const verification =
      options.verify === false
        ? null
        : await verifyExport(folder, merged, tokenizer, {
            ...graph,
            onProgress: options.onVerify ?? (() => {}),
          });
    const manifest: Manifest = {
      name: options.name ?? basename(target),
      version: ingredients.key.slice(0, 12),
      ...plan,
      vocabSize: merged.decoder.vocabSize,
      base: ingredients.base,
      adapters: [...ingredients.adapters],
      exporter: VERSION,
      files: fileSizes(folder),
      quantisation: calibration?.choices ?? null,
      verification,
    };
    writeFileSync(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
    return manifest;
  });
}

function choicesByModule(calibration: Calibration | null): Map<string, Int8Choice> {
  const choices = calibration?.choices ?? [];
  return new Map(choices.flatMap(choice => choice.modules.map(module => [module, choice] as const)));
}

function readoutOf({ pooling }: Plan): Readout {
  return pooling === 'mean' || pooling === 'max' ? pooling : 'rows';
}
