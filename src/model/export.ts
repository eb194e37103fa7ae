// The export: a base and its adapters are merged, calibrated, written as an ONNX graph and verified. The result is a
// model folder.

import { writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { type Calibration, calibrate } from '../calibrate/calibrate.js';
import { mergeAdapters } from '../checkpoint/merge.js';
import { type Checkpoint, openCheckpoint } from '../checkpoint/open.js';
import { type Int8Choice, writeGraph } from '../graph/write.js';
import { Tokenizer, writeTokenizer } from '../text/tokenizer.js';
import { verifyExport } from '../verify/verify.js';
import { VERSION } from '../version.js';
import { writeFolderAtomically } from './atomicFolder.js';
import { ingredientsOf } from './identity.js';
import { fileHashes } from './integrity.js';
import { fileSizes, MANIFEST, type Manifest } from './manifest.js';
import { exportNotes } from './notes.js';
import { planExport, readoutOf } from './plan.js';
import type { OnProgress, Stage } from './progress.js';
import { versionOf } from './reading.js';
import type { DeviceRequest } from './recipe.js';
import { checkReplaceable } from './replaceable.js';
import { readChosenTokenizer } from './tokenizerChoice.js';

export interface ExportOptions {
  /** The model's name in its manifest. The default is the folder's name. */
  readonly name?: string;
  /** Whether an existing folder is replaced. */
  readonly force?: boolean;
  /** Whether an export at int8 measures which precision each layer needs. The default is true. */
  readonly calibrate?: boolean;
  /** Whether the exported model is run and compared with the checkpoint. The default is true. */
  readonly verify?: boolean;
  /** Called in the stages `calibrating` (counted in layers), `writing` (bytes) and `verifying` (values of weights). */
  readonly onProgress?: OnProgress;
  /** Called with each line that the user should read (notes.ts), before the work that takes time. */
  readonly onNote?: (note: string) => void;
}

const MODEL_FOLDER = { name: 'a model folder', marker: MANIFEST };

/**
 * Writes the model folder `out`, which appears completely or not at all.
 * Throws UserError where `out` exists and may not be replaced, the base, an adapter or the tokenizer cannot be used, an
 * option is missing or does not fit them, or the verification fails.
 */
export async function exportModel(
  request: DeviceRequest,
  out: string,
  options: ExportOptions = {},
): Promise<Manifest> {
  const { base, adapters, tokenizer } = request;
  const ingredients = [base, ...adapters, ...(tokenizer ? [tokenizer] : [])];
  checkReplaceable(out, MODEL_FOLDER, ingredients, options.force ?? false);
  const target = resolve(out);
  const checkpoint = openCheckpoint(request);
  try {
    return await writeModel(request, checkpoint, target, options);
  } finally {
    checkpoint.close();
  }
}

async function writeModel(
  request: DeviceRequest,
  { base, adapters }: Checkpoint,
  target: string,
  options: ExportOptions,
): Promise<Manifest> {
  const chosen = readChosenTokenizer(request);
  const tokenizer = new Tokenizer(chosen.definition);
  const merged = mergeAdapters(base, adapters);
  const plan = planExport(request, base, adapters, merged.head, tokenizer);
  const notes = exportNotes(chosen, plan, merged);
  for (const note of notes) options.onNote?.(note);
  // The files are hashed while the graph is written. A rejection is reported where the result is awaited below; without
  // this handler, Node would end the process before that.
  const hashing = ingredientsOf(request);
  hashing.catch(() => {});
  const progressOf = (stage: Stage) => (done: number, total: number) =>
    options.onProgress?.({ stage, done, total });
  return writeFolderAtomically(target, async folder => {
    const calibration =
      plan.precision === 'int8' && options.calibrate !== false
        ? await calibrate(merged, tokenizer, { ...plan, onProgress: progressOf('calibrating') }, folder)
        : null;
    const graph = {
      ...plan,
      choices: choicesByModule(calibration),
      readout: readoutOf(plan.pooling),
      producerVersion: VERSION,
    };
    await writeGraph(folder, calibration?.merged ?? merged, { ...graph, onProgress: progressOf('writing') });
    writeTokenizer(chosen.definition, folder);
    const ingredients = await hashing;
    const verification =
      options.verify === false
        ? null
        : await verifyExport(folder, merged, tokenizer, { ...graph, onProgress: progressOf('verifying') });
    const manifest: Manifest = {
      name: options.name ?? basename(target),
      version: versionOf(ingredients.key.slice(0, 12), plan),
      ...plan,
      tokenizer: chosen.record,
      notes,
      vocabSize: merged.decoder.vocabSize,
      base: ingredients.base,
      adapters: [...ingredients.adapters],
      exporter: VERSION,
      files: fileSizes(folder),
      sha256: await fileHashes(folder),
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
