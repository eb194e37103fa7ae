// A base model as a user brings it, a Hugging Face folder or a GGUF file, behind one interface.

import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { UserError } from '../errors.js';
import { dequantised } from './bitsandbytes.js';
import type { DecoderConfig } from './config.js';
import { parseDecoderConfig } from './families.js';
import { readJsonObject } from './files.js';
import { openGguf } from './gguf.js';
import { ggufConfig } from './ggufConfig.js';
import { ggufAsHuggingFace } from './ggufNames.js';
import { type HeadConfig, parseHeadConfig } from './headConfig.js';
import { canonicalName, otherPartOf } from './names.js';
import { openSafetensorsFolder } from './safetensors.js';
import { renamed, type TensorSource } from './tensors.js';
import { isMultimodal, textConfigOf } from './textConfig.js';

export interface Base {
  readonly decoder: DecoderConfig;
  readonly head: HeadConfig;
  /** Weights by canonical name, which is transformers' without the leading `model.`: `layers.0.mlp.up_proj.weight`. */
  readonly weights: TensorSource;
  /** The parts of a multimodal model beside its text part, such as `vision_tower`. Their weights are left out. */
  readonly otherParts: ReadonlySet<string>;
}

/** Opens a base. Throws UserError where it is missing, incomplete, pickled or of an unsupported family. */
export function openBase(path: string): Base {
  const found = locateBase(path);
  return found.kind === 'gguf' ? openGgufBase(found.path) : openFolderBase(found.path);
}

/** The files that decide what a base computes; its identity is the hash of them. */
export function baseFiles(path: string): string[] {
  const found = locateBase(path);
  if (found.kind === 'gguf') return [found.path];
  return readdirSync(found.path)
    .filter(name => name === 'config.json' || /^model.*\.safetensors(\.index\.json)?$/.test(name))
    .sort()
    .map(name => join(found.path, name));
}

/** The path of the GGUF file where the base is one, undefined where it is a Hugging Face folder. */
export function ggufFileOf(path: string): string | undefined {
  const found = locateBase(path);
  return found.kind === 'gguf' ? found.path : undefined;
}

function locateBase(path: string): { kind: 'gguf' | 'folder'; path: string } {
  if (!existsSync(path)) {
    throw new UserError(
      `base ${path}: no such file or folder: expected a Hugging Face folder or a .gguf file on this machine (nothing is downloaded)`,
    );
  }
  if (!statSync(path).isDirectory()) {
    if (path.endsWith('.gguf')) return { kind: 'gguf', path };
    throw new UserError(
      `base ${basename(path)}: expected a Hugging Face folder or a .gguf file${isPickle(path) ? `. ${PICKLE_HELP}` : ''}`,
    );
  }
  const names = readdirSync(path);
  if (names.includes('config.json')) return { kind: 'folder', path };
  const gguf = names.filter(name => name.endsWith('.gguf'));
  if (gguf.length === 1) return { kind: 'gguf', path: join(path, gguf[0]!) };
  if (gguf.length > 1)
    throw new UserError(
      `base ${basename(path)}: expected one .gguf file, found ${gguf.length}; give one of them: ${gguf.join(', ')}`,
    );
  throw new UserError(
    `base ${basename(path)}: expected a Hugging Face folder or a .gguf file, found a folder with neither config.json nor a .gguf file`,
  );
}

function openFolderBase(folder: string): Base {
  const config = readJsonObject(join(folder, 'config.json'));
  const text = textConfigOf({ config, file: 'config.json' });
  const decoder = parseDecoderConfig(text.config, text.file);
  const head = parseHeadConfig(config, 'config.json', text.config);
  const names = readdirSync(folder);
  if (!names.some(name => name.endsWith('.safetensors'))) {
    const pickled = names.find(isPickle);
    throw new UserError(
      pickled
        ? `base ${basename(folder)}: expected model.safetensors or its shards, found pickled weights, ${pickled}. ${PICKLE_HELP}`
        : `base ${basename(folder)}: expected model.safetensors or its shards, found neither`,
    );
  }
  const stored = openSafetensorsFolder(folder);
  try {
    const source = dequantised(stored);
    const otherParts = isMultimodal(config) ? otherPartsIn(source) : new Set<string>();
    const weights = renamed(source, original => {
      const name = canonicalName(original);
      return otherParts.has(otherPartOf(name) ?? '') ? undefined : nameIfUsed(name, decoder);
    });
    checkNames(weights);
    return { decoder, head, weights, otherParts };
  } catch (error) {
    stored.close();
    throw error;
  }
}

/** Throws UserError where the names are those of an adapter as well, or not those of a decoder. */
function checkNames({ name: file, tensors }: TensorSource): void {
  const names = [...tensors.keys()];
  const unmerged = names.find(name => /\.(lora_\w+|base_layer|modules_to_save)\./.test(name));
  if (unmerged) {
    throw new UserError(
      `${file}: expected the weights of a base alone, or merged, found ${unmerged} of an adapter that is not merged: ` +
        'save the model after merge_and_unload(), or give the base and the folder that PEFT saved',
    );
  }
  if (!tensors.has('embed_tokens.weight')) {
    throw new UserError(
      `${file}: expected embed_tokens.weight and layers, with or without model. before them, found ${names.slice(0, 3).join(', ') || 'no tensors'}`,
    );
  }
}

function otherPartsIn(source: TensorSource): Set<string> {
  const parts = [...source.tensors.keys()].map(name => otherPartOf(canonicalName(name)));
  return new Set(parts.filter(part => part !== undefined));
}

/** The name, or undefined for a bias that the config does not switch on: transformers ignores such a tensor as well. */
function nameIfUsed(name: string, decoder: DecoderConfig): string | undefined {
  const [, block] = /^layers\.\d+\.(self_attn\.o|self_attn|mlp)(?:\.\w+)?_proj\.bias$/.exec(name) ?? [];
  const isUsed =
    block === undefined ||
    (block === 'mlp' && decoder.mlpBias) ||
    (block === 'self_attn.o' && decoder.outputBias) ||
    (block === 'self_attn' && decoder.queryKeyValueBias);
  return isUsed ? name : undefined;
}

function openGgufBase(path: string): Base {
  const file = openGguf(path);
  try {
    const config = ggufConfig(file);
    const weights = renamed(ggufAsHuggingFace(file), canonicalName);
    const hasBias = (module: string) => weights.tensors.has(`layers.0.${module}.bias`);
    return {
      // The metadata says nothing about biases, so a bias is used where the file has one.
      decoder: {
        ...parseDecoderConfig(config, file.name),
        queryKeyValueBias: hasBias('self_attn.q_proj') || hasBias('self_attn.qkv_proj'),
        outputBias: hasBias('self_attn.o_proj'),
        mlpBias: hasBias('mlp.down_proj'),
      },
      head: parseHeadConfig(config, file.name),
      weights,
      otherParts: new Set(),
    };
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Whether a file name is one that PyTorch gives to pickled weights. */
export function isPickle(path: string): boolean {
  return /\.(bin|pt|pth|ckpt|pkl)$/.test(path);
}

export const PICKLE_HELP =
  'Pickled files can run code when they are read, so they are refused. ' +
  'Convert them once with transformers or PEFT: load the model with the class that it was saved from, and call save_pretrained(FOLDER)';
