// Finds the major version of transformers under which an adapter was trained, from the files beside it. The versions make
// different tokenizers of the same files, and a model has to be given the tokens that it was trained on.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { adapterFolder } from '../checkpoint/adapter.js';
import { ADAPTER_CONFIG } from '../checkpoint/adapterConfig.js';
import { type JsonObject, readJsonObject } from '../checkpoint/files.js';
import { UserError } from '../errors.js';

export interface TrainedVersion {
  readonly major: 4 | 5;
  /** What says so, as a clause: `the adapter's README.md names Transformers 4.44.0`. */
  readonly evidence: string;
}

/**
 * The version of the last adapter that gives evidence. Without adapters, the version that saved the base, provided that it
 * is a classifier: a pretrained base was saved long before anyone trained on it, so its version is no evidence.
 */
export function trainedVersion(base: string, adapters: readonly string[]): TrainedVersion | undefined {
  if (adapters.length === 0) return versionOfClassifier(base);
  return adapters.map(versionOfAdapter).findLast(version => version !== undefined);
}

function versionOfClassifier(folder: string): TrainedVersion | undefined {
  const config = readIfSound(folder, 'config.json');
  const architectures = Array.isArray(config?.architectures) ? config.architectures : [];
  const isClassifier = architectures.some(name => /For(Sequence|Token)Classification$/.test(String(name)));
  return isClassifier ? named(config?.transformers_version, "the classifier's config.json") : undefined;
}

/** The strongest evidence comes first. Training saves tokenizer, config and README.md beside a named adapter, not in it. */
function versionOfAdapter(path: string): TrainedVersion | undefined {
  const folders = [...new Set([adapterFolder(path), path])];
  const sources = [versionOfTokenizer, versionOfConfig, versionInReadme, versionOfPeft];
  return sources.flatMap(source => folders.map(source)).find(version => version !== undefined);
}

/**
 * The version that wrote the adapter's own tokenizer. Version 5 always writes the field `backend`, and never
 * special_tokens_map.json, added_tokens_decoder (beside a tokenizer.json), add_bos_token or add_eos_token.
 */
function versionOfTokenizer(folder: string): TrainedVersion | undefined {
  const config = readIfSound(folder, 'tokenizer_config.json');
  if (!config) return undefined;
  if (config.backend !== undefined || config.tokenizer_class === 'TokenizersBackend') {
    return { major: 5, evidence: "the adapter's tokenizer_config.json was written by version 5" };
  }
  const isOfVersion4 =
    existsSync(join(folder, 'special_tokens_map.json')) ||
    ['added_tokens_decoder', 'add_bos_token', 'add_eos_token'].some(field => field in config);
  return isOfVersion4
    ? { major: 4, evidence: "the adapter's tokenizer_config.json was written by version 4" }
    : undefined;
}

function versionOfConfig(folder: string): TrainedVersion | undefined {
  return named(readIfSound(folder, 'config.json')?.transformers_version, "the adapter's config.json");
}

/** Trainers list versions in the model card that they write: `### Framework versions`, `- Transformers 4.44.0`. */
function versionInReadme(folder: string): TrainedVersion | undefined {
  const path = join(folder, 'README.md');
  if (!existsSync(path)) return undefined;
  const [, versions = ''] = readFileSync(path, 'utf8').split(/^#+ Framework versions\s*$/m);
  const versionOf = (library: string) =>
    new RegExp(`^[-*] ${library}:? v?(\\d[^\\s]*)`, 'im').exec(versions)?.[1];
  const peft = versionOf('PEFT');
  return (
    named(versionOf('Transformers'), "the adapter's README.md") ??
    ofPeft(peft, `the adapter's README.md names PEFT ${peft}`)
  );
}

/** PEFT has written its own version into adapter_config.json since 0.18. */
function versionOfPeft(folder: string): TrainedVersion | undefined {
  const config = readIfSound(folder, ADAPTER_CONFIG);
  if (!config) return undefined;
  const { peft_version: peft = '0.17' } = config;
  const found = config.peft_version === undefined ? 'no peft_version' : `PEFT ${peft}`;
  return ofPeft(peft, `${ADAPTER_CONFIG} names ${found}`);
}

/** Version 5 of transformers cannot be used with PEFT before 0.18. With a later PEFT, both versions can. */
function ofPeft(version: unknown, clause: string): TrainedVersion | undefined {
  const [, minor] = /^0\.(\d+)/.exec(String(version)) ?? [];
  return minor !== undefined && Number(minor) < 18
    ? { major: 4, evidence: `${clause}, and transformers 5 needs PEFT 0.18` }
    : undefined;
}

function named(version: unknown, file: string): TrainedVersion | undefined {
  const major = Number.parseInt(String(version), 10);
  if (Number.isNaN(major)) return undefined;
  return { major: major < 5 ? 4 : 5, evidence: `${file} names transformers ${version}` };
}

/** The object in a JSON file; undefined where the file is missing or damaged, because then it is no evidence. */
function readIfSound(folder: string, name: string): JsonObject | undefined {
  const path = join(folder, name);
  if (!existsSync(path)) return undefined;
  try {
    return readJsonObject(path);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
