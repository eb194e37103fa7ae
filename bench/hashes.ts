// Hashes of everything that an export and its answers consist of, for every checkpoint among the tests' fixtures and for
// the shipped models. Two builds that print the same lines compute the same, bit for bit: a refactoring has to.
// usage: npx tsx bench/hashes.ts [--cli FILE] > hashes.jsonl

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { program } from 'commander';
import { PRECISIONS } from '../dist/graph/precisionNames.js';
import { MANIFEST } from '../dist/model/manifest.js';
import { type ExportRequest, RECIPE, readRecipe } from '../dist/model/recipe.js';
import { DATA_FILE } from '../dist/onnx/contract.js';
import {
  checkpointNames,
  type Golden,
  goldensOf,
  readJson,
  readJsonLines,
  requestOf,
} from '../test/support/fixtures.js';
import { matrixCases } from '../test/support/matrix.js';
import { CLASSIFIER, ROOT, TAGGER, withTemporaryFolder } from './models.ts';
import { emit } from './report.ts';

interface Case {
  readonly name: string;
  readonly request: ExportRequest;
  /** Lines for `predict`. */
  readonly inputs: readonly object[];
}

program.option('--cli <file>', 'the built command line to run', join(ROOT, 'dist/cli.js')).parse();
const { cli } = program.opts<{ cli: string }>();

for (const each of [...matrix(), ...checkpoints(), ...shipped()]) {
  for (const precision of PRECISIONS) {
    emit('hashes', { name: each.name, precision, ...(await hashesOf(each, precision)) });
  }
}

function matrix(): Case[] {
  return matrixCases().map(({ name, request, folder }) => {
    const goldens = readJson(join(folder, 'golden.json')) as Golden[];
    return { name: `matrix ${name}`, request, inputs: goldens.map(inputOf) };
  });
}

function checkpoints(): Case[] {
  return checkpointNames().map(name => ({
    name: `checkpoint ${name}`,
    request: requestOf(name),
    inputs: goldensOf(name).map(inputOf),
  }));
}

function shipped(): Case[] {
  const of = (folder: string, texts: string) => ({
    name: `shipped ${texts}`,
    request: readRecipe(join(folder, RECIPE)),
    inputs: readJsonLines<{ text?: string; tokens?: string[] }>(
      join(ROOT, `test/fixtures/shipped/${texts}.jsonl`),
    ).map(({ text, tokens }) => (tokens ? { tokens } : { text })),
  });
  return [of(CLASSIFIER, 'news'), of(TAGGER, 'entities')];
}

function inputOf({ text, words }: Golden): object {
  return words ? { tokens: words } : { text };
}

/** Of the answers with their logits, of the weights as stored, and of what calibration chose. */
async function hashesOf({ request, inputs }: Case, precision: string) {
  return withTemporaryFolder(async work => {
    const { adapters, ...options } = request;
    writeFileSync(join(work, RECIPE), JSON.stringify({ ...options, adapter: adapters, precision }));
    const model = join(work, 'model');
    run(['export', '--recipe', join(work, RECIPE), '--out', model], '');
    const answers = run(
      ['predict', model, '--logits'],
      inputs.map(input => JSON.stringify(input)).join('\n'),
    );
    const { quantisation } = readJson(join(model, MANIFEST)) as { quantisation: unknown };
    return {
      answers: sha256(answers),
      weights: sha256(readFileSync(join(model, DATA_FILE))),
      choices: sha256(JSON.stringify(quantisation)),
    };
  });
}

/** A text that is refused has an answer as well, and makes `predict` end with 1. */
function run(args: readonly string[], input: string): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, [cli, ...args], {
    input,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (status === 0 || (args[0] === 'predict' && stdout !== '')) return stdout;
  throw new Error(`lsllama ${args.join(' ')} ended with ${status}: ${stderr}`);
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
