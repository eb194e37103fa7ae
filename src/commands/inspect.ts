// lsllama inspect: describes a base, an adapter, a recipe folder or a model folder, and says what an export would refuse.
// A folder that holds such folders is listed.

import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { type Adapter, adapterFiles, openAdapter } from '../checkpoint/adapter.js';
import { ADAPTER_CONFIG } from '../checkpoint/adapterConfig.js';
import { type Base, openBase } from '../checkpoint/base.js';
import { leftAsideText, otherChanges } from '../checkpoint/leftAside.js';
import { mergeAdapters } from '../checkpoint/merge.js';
import { isHead, otherPartOf } from '../checkpoint/names.js';
import { openCheckpoint } from '../checkpoint/open.js';
import { parameterCount, type TensorInfo } from '../checkpoint/tensors.js';
import { oneLine, UserError } from '../errors.js';
import { isModelFolder, type Manifest, readManifest, verificationText } from '../model/manifest.js';
import { exportNotes, notesOf } from '../model/notes.js';
import { planExport } from '../model/plan.js';
import type { Reading } from '../model/reading.js';
import { forDevice, isRecipeFolder, RECIPE, readRecipe } from '../model/recipe.js';
import { isSigned } from '../model/signature.js';
import { readChosenTokenizer, type TokenizerRequest } from '../model/tokenizerChoice.js';
import { adapterTokenizer, locateTokenizer } from '../model/tokenizerLocation.js';
import { trainedVersion } from '../model/trainedVersion.js';
import { TOKENIZER, Tokenizer } from '../text/tokenizer.js';

/** One line of the output. */
type Fact = readonly [topic: string, text: string];

export function configure(command: Command): void {
  command.argument('<path>', 'a folder, or a .gguf file').action((path: string) => {
    const facts = inspect(path);
    const width = Math.max(...facts.map(([topic]) => topic.length));
    for (const [topic, text] of facts)
      process.stdout.write(`${oneLine(topic.padEnd(width))}  ${oneLine(text)}\n`);
  });
}

function inspect(path: string): Fact[] {
  if (!existsSync(path)) throw new UserError(`${path}: no such file or folder`);
  const name = basename(resolve(path));
  if (isModelFolder(path)) {
    const signature = isSigned(path) ? 'signed, not checked against a key' : 'none';
    return [...describeModel(readManifest(path), Tokenizer.load(path)), ['signature', signature]];
  }
  if (isRecipeFolder(path)) return describeRecipe(path, name);
  const inside = describeFoldersIn(path);
  if (inside.length > 1) return inside;
  if (isAdapter(path)) return withRefusal([['adapter', name]], () => describeAdapter(path));
  if (inside.length > 0) return inside;
  if (isFolder(path) && !isBaseFolder(path)) {
    throw new UserError(
      `${path}: expected a model folder (model.json), a recipe folder (recipe.json), an adapter (${ADAPTER_CONFIG}), ` +
        'a base (config.json or a .gguf file) or a folder of such folders, found none of them',
    );
  }
  return withRefusal([['base', name]], () => describeBase(path));
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function isBaseFolder(path: string): boolean {
  return namesIn(path).some(name => name === 'config.json' || name.endsWith('.gguf'));
}

/** The names in a folder, sorted; none where it cannot be read. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function isAdapter(path: string): boolean {
  if (!isFolder(path)) return false;
  try {
    const files = adapterFiles(path);
    if (!existsSync(join(path, 'config.json'))) return existsSync(files[0]!);
    // Some trainers save the base's config.json beside the adapter. A base may hold an adapter in a folder of its own.
    return files.every(file => existsSync(file) && dirname(resolve(file)) === resolve(path));
  } catch {
    return false;
  }
}

/** Adds the facts that `describe` finds, or, where an export would fail, the reason: `inspect` itself does not fail. */
function withRefusal(facts: readonly Fact[], describe: () => Fact[]): Fact[] {
  try {
    return [...facts, ...describe()];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return [...facts, ['refused', error.message]];
  }
}

/**
 * A line for each model, recipe, adapter and base in a folder; none where the folder is a base or an adapter itself.
 * Hidden folders are left out, because they are exports that broke off.
 */
function describeFoldersIn(path: string): Fact[] {
  if (!isFolder(path) || isBaseFolder(path) || existsSync(join(path, ADAPTER_CONFIG))) return [];
  return namesIn(path).flatMap((name): Fact[] => {
    const folder = join(path, name);
    if (name.startsWith('.') || !isFolder(folder)) return [];
    const isKnown = [isModelFolder, isRecipeFolder, isAdapter, isBaseFolder].some(isKind => isKind(folder));
    return isKnown ? [[name, summaryOf(folder)]] : [];
  });
}

/** The kind of a folder, and what it is for or why it is refused. */
function summaryOf(folder: string): string {
  const facts = withRefusal([], () => inspect(folder));
  const kind = facts[0]![0];
  const { family, task, labels, refused = 'nothing' } = Object.fromEntries(facts);
  if (kind === 'refused') return `refused: ${refused}`;
  if (refused !== 'nothing') return `${kind}, refused: ${refused}`;
  if (kind === 'base') return `base, ${family}`;
  if (kind === 'adapter') return `adapter, ${task}`;
  return `${kind}, ${task}, ${labels!.replace(':', ' labels:')}`;
}

function describeModel(manifest: Manifest, tokenizer: Tokenizer): Fact[] {
  const { attention, bidirectionalFrom, pooling, problemType, labels } = manifest;
  const unmasked = bidirectionalFrom > 0 ? `, unmasked from layer ${bidirectionalFrom}` : '';
  return [
    ['model', `${manifest.name}, version ${manifest.version}`],
    ['task', `${manifest.task} classification${PROBLEM_TYPES[problemType]}`],
    ['labels', `${labels.length}: ${labels.join(', ')}`],
    ...decodingOf(manifest),
    ...readingOf(manifest),
    ['attention', `${attention}${attention === 'bidirectional' ? unmasked : ''}`],
    ...(pooling ? ([['pooling', pooling]] as const) : []),
    ['precision', manifest.precision],
    ['max length', `${manifest.maxLength} tokens`],
    ...pairsOf(manifest, tokenizer),
    ['base', `${manifest.base.name}, SHA-256 ${manifest.base.sha256}`],
    ...manifest.adapters.map(({ name, sha256 }): Fact => ['adapter', `${name}, SHA-256 ${sha256}`]),
    ['exporter', manifest.exporter],
    ['verification', verificationText(manifest)],
    ...noteFacts(notesOf(manifest)),
  ];
}

const PROBLEM_TYPES = {
  single: '',
  multi: ', any number of labels',
  binary: ', yes or no',
  regression: ', a value',
};

/** Describes the export of a recipe. Everything but the values of the weights is read and checked. */
function describeRecipe(path: string, name: string): Fact[] {
  return withRefusal([['recipe', name]], () => {
    const request = forDevice(readRecipe(join(path, RECIPE)), 'cpu');
    const checkpoint = openCheckpoint(request);
    try {
      const { base, adapters } = checkpoint;
      const merged = mergeAdapters(base, adapters);
      const chosen = readChosenTokenizer(request);
      const tokenizer = new Tokenizer(chosen.definition);
      const plan = planExport(request, base, adapters, merged.head, tokenizer);
      return [
        ['base', `${basename(request.base)}: ${familyOf(base)}`],
        ...adapters.map((adapter): Fact => ['adapter', `${adapter.name}: ${changesOf(adapter)}`]),
        [
          'task',
          `${plan.task} classification${PROBLEM_TYPES[plan.problemType]}, ${plan.attention}${plan.pooling ? `, ${plan.pooling} pooling` : ''}`,
        ],
        ['labels', `${plan.labels.length}: ${plan.labels.join(', ')}`],
        ...decodingOf(plan),
        ...readingOf(plan),
        ['precision', plan.precision],
        ['max length', `${plan.maxLength} tokens`],
        ...pairsOf(plan, tokenizer),
        ...noteFacts(exportNotes(chosen, plan, merged)),
        ['refused', 'nothing'],
      ];
    } finally {
      checkpoint.close();
    }
  });
}

/** Whether a classifier reads pairs of texts. */
function pairsOf({ task }: Pick<Manifest, 'task'>, { readsPairs }: Tokenizer): Fact[] {
  if (task === 'token') return [];
  return [['pairs', readsPairs ? 'read' : 'refused: the tokenizer puts no token between two texts']];
}

/** How a tagger's tags are decoded. */
function decodingOf({ task, decoding = 'valid' }: Pick<Manifest, 'task' | 'decoding'>): Fact[] {
  return task === 'token' ? [['decoding', decoding]] : [];
}

/** How logits are read, where that is not as it is by default. */
function readingOf({ temperature, thresholds = {} }: Reading): Fact[] {
  const given = Object.entries(thresholds).map(([label, threshold]) => `${label} ${threshold}`);
  return [
    ...(temperature === undefined ? [] : [['temperature', String(temperature)] as const]),
    ...(given.length === 0 ? [] : [['thresholds', given.join(', ')] as const]),
  ];
}

/** What an export tells its user. */
function noteFacts(notes: readonly string[]): Fact[] {
  return notes.map(note => ['note', note]);
}

function describeBase(path: string): Fact[] {
  const base = openBase(path);
  base.weights.close();
  const { decoder, head, weights } = base;
  const heads = [...weights.tensors.values()].filter(({ name }) => isHeadWeight(name));
  const windows = [...new Set(decoder.windows)].map(window => window ?? 'all');
  return [
    ['family', familyOf(base)],
    ['stored as', dtypesOf(weights.tensors.values())],
    [
      'layers',
      `${decoder.layers} of hidden size ${decoder.hiddenSize}, MLP ${decoder.intermediateSize} (${decoder.activation})`,
    ],
    [
      'attention',
      `${decoder.heads} heads of ${decoder.headDim}, ${decoder.kvHeads} for keys and values, seeing ${windows.join(' or ')} tokens`,
    ],
    ['positions', `${decoder.maxPositions}`],
    ['vocabulary', `${decoder.vocabSize} tokens`],
    [
      'head',
      heads.map(({ name, shape }) => `${name} [${shape.join(', ')}]`).join(', ') ||
        'none: an adapter has to provide one',
    ],
    ...orRefused('labels', () => {
      const labels = head.labels();
      return [['labels', labels ? `${labels.length}: ${labels.join(', ')}` : 'none named (id2label)']];
    }),
    ...(head.architecture ? ([['architecture', head.architecture]] as const) : []),
    ...describeTokenizer({ base: path, adapters: [] }),
  ];
}

function describeAdapter(path: string): Fact[] {
  const adapter = openAdapter(path);
  adapter.source.close();
  const trained = [...adapter.trained]
    .filter(([name]) => !otherPartOf(name))
    .map(([name, key]) => `${name} [${adapter.source.tensors.get(key)!.shape.join(', ')}]`);
  const tokenizer = adapterTokenizer([path]);
  const version = trainedVersion(path, [path]);
  const hasHead = [...adapter.trained.keys()].some(isHeadWeight);
  return [
    ['kind', `LoRA${adapter.config.dora ? ' with DoRA magnitudes' : ''}`],
    ['task', adapter.config.task ? `${adapter.config.task} classification` : 'not named (task_type)'],
    ['changes', changesOf(adapter)],
    ...[...adapter.trainedRows].map(([name, { indices }]): Fact => ['rows', `${indices.length} of ${name}`]),
    ['trained', `${trained.join(', ') || 'no tensor in full'}${hasHead ? '' : ': no label head'}`],
    ...[...otherChanges(adapter)].map(([part, count]): Fact => ['note', leftAsideText(part, count)]),
    ...(version ? ([['version', `transformers ${version.major}: ${version.evidence}`]] as const) : []),
    ...(tokenizer ? describeTokenizer({ base: path, adapters: [path], tokenizer }) : []),
  ];
}

function isHeadWeight(tensor: string): boolean {
  return isHead(tensor.replace(/\.weight$/, ''));
}

/** The facts, or the reason why the topic would be refused. */
function orRefused(topic: string, describe: () => Fact[]): Fact[] {
  return withRefusal([], describe).map(
    ([found, text]): Fact => (found === 'refused' ? [topic, `refused: ${text}`] : [found, text]),
  );
}

/** The tokenizer, with an example where it can be read in two ways. */
function describeTokenizer(request: TokenizerRequest): Fact[] {
  return orRefused('tokenizer', () => {
    const { definition, notes } = readChosenTokenizer(request);
    const { specialTokens, modelMaxLength } = new Tokenizer(definition);
    const name = locateTokenizer(request).kind === 'gguf' ? "the file's own" : TOKENIZER;
    const limit = Number.isFinite(modelMaxLength) ? `, at most ${modelMaxLength} tokens` : '';
    return [
      ['tokenizer', `${name}, ${specialTokens} special tokens around a text${limit}`],
      ...noteFacts(notes),
    ];
  });
}

function familyOf({ decoder, weights }: Base): string {
  const millions = parameterCount(weights.tensors) / 1e6;
  return `${decoder.family}, ${millions.toPrecision(4)} million parameters`;
}

function dtypesOf(tensors: Iterable<TensorInfo>): string {
  const counts = new Map<string, number>();
  for (const { dtype } of tensors) counts.set(dtype, (counts.get(dtype) ?? 0) + 1);
  return [...counts].map(([dtype, count]) => `${dtype} (${count} tensors)`).join(', ');
}

/** The modules that an adapter changes, grouped by rank and scale: `rank 12, scale 2.667: 30 × q_proj, 30 × v_proj`. */
function changesOf({ updates }: Adapter): string {
  const groups = new Map<string, Map<string, number>>();
  for (const [module, { rank, scale }] of updates) {
    if (otherPartOf(module)) continue;
    const group = `rank ${rank}, scale ${Number(scale.toPrecision(4))}`;
    const counts = groups.get(group) ?? new Map<string, number>();
    const kind = module.slice(module.lastIndexOf('.') + 1);
    groups.set(group, counts.set(kind, (counts.get(kind) ?? 0) + 1));
  }
  const lines = [...groups].map(([group, counts]) => {
    const list = [...counts].map(([kind, count]) => (count > 1 ? `${count} × ${kind}` : kind));
    return `${group}: ${list.join(', ')}`;
  });
  return lines.join('; ') || 'no module';
}
