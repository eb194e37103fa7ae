// Damages the files of a target, lets the program use them, and judges the result: a clear refusal or a right use.

import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../dist/errors.js';
import { ROOT } from '../support/fixtures.js';
import { largestAllocation } from './allocations.js';
import { type Change, damaged } from './damage.js';
import { drawChanges } from './draw.js';
import { Random } from './random.js';
import { fuzzTargets, type Target } from './targets.js';

/** A damaged file of a target. */
export interface Case {
  readonly target: string;
  /** Relative to the target's folder. */
  readonly file: string;
  readonly changes: readonly Change[];
}

/** Longer runs are findings. */
export const MAX_SECONDS = 10;

export class Fuzzer {
  readonly #folder: string;
  readonly #targets: ReadonlyMap<string, Target>;
  readonly #prepared = new Map<string, Promise<string>>();

  /** @param folder an empty folder to work in */
  constructor(folder: string, isChosen: (target: Target) => boolean = () => true) {
    this.#folder = folder;
    this.#targets = new Map(
      fuzzTargets()
        .filter(isChosen)
        .map(target => [target.name, target]),
    );
  }

  /** The case of a seed and the number of a run. */
  async draw(seed: number, run: number): Promise<Case> {
    const random = new Random(`${seed} ${run}`);
    // Each kind of target, the first word of its name, is as likely as the others.
    const kindOf = ({ name }: Target) => name.split(' ')[0];
    const targets = [...this.#targets.values()];
    const kind = random.pick([...new Set(targets.map(kindOf))]);
    const { name, file: only } = random.pick(targets.filter(target => kindOf(target) === kind));
    const folder = await this.#prepare(name);
    const file = only ?? random.pick(filesIn(folder));
    return {
      target: name,
      file,
      changes: drawChanges(random, file, readFileSync(join(folder, file)), OTHERS),
    };
  }

  /** Uses the damaged file. Resolves to the outcome; throws an error that says why it is neither. */
  async run({ target, file, changes }: Case): Promise<'used' | 'refused'> {
    const folder = await this.#prepare(target);
    const path = join(folder, file);
    const original = readFileSync(path);
    const content = damaged(file, original, changes);
    const limit = filesIn(folder).reduce(
      (sum, name) => sum + statSync(join(folder, name)).size,
      content.length,
    );
    writeFileSync(path, content);
    largestAllocation();
    const started = performance.now();
    try {
      const outcome = await outcomeOf(() => this.#targets.get(target)!.use(folder));
      const seconds = (performance.now() - started) / 1000;
      if (seconds > MAX_SECONDS) throw new Error(`took ${seconds.toFixed(1)} seconds`);
      const largest = largestAllocation();
      // As float32, a Q4 weight takes eight times its bytes. Buffers of fixed sizes take up to 8 MiB.
      if (largest > Math.max(8 * limit, 1 << 23)) throw new Error(`allocated ${largest} bytes at once`);
      return outcome;
    } finally {
      writeFileSync(path, original);
    }
  }

  /** Fewer changes with which the case is a finding still. */
  async shrink(found: Case): Promise<Case> {
    for (const change of found.changes) {
      const smaller = { ...found, changes: found.changes.filter(other => other !== change) };
      if (smaller.changes.length === 0) continue;
      const isFinding = await this.run(smaller).then(
        () => false,
        () => true,
      );
      if (isFinding) return this.shrink(smaller);
    }
    return found;
  }

  #prepare(name: string): Promise<string> {
    const known = this.#prepared.get(name);
    if (known) return known;
    const target = this.#targets.get(name);
    if (!target) throw new Error(`no target ${name}`);
    const folder = join(this.#folder, String(this.#prepared.size), 'files');
    mkdirSync(folder, { recursive: true });
    const prepared = Promise.resolve(target.prepare(folder)).then(() => folder);
    this.#prepared.set(name, prepared);
    return prepared;
  }
}

/** Files of other kinds and of other models, which may take the place of a file. */
const OTHERS = [
  'checkpoints/ls_unllama_tok/adapter/adapter_model.safetensors',
  'checkpoints/ls_unllama_tok/base/config.json',
  'gguf/architectures/qwen2.gguf',
  'gguf/llama.gguf',
  'gguf/types.gguf',
  'matrix/bases/gemma2/config.json',
  'matrix/bases/gemma2/model.safetensors',
  'matrix/bases/phi3/config.json',
  'matrix/cases/dora/adapter/adapter_config.json',
  'matrix/cases/dora/adapter/adapter_model.safetensors',
  'matrix/tokenizer/tokenizer.json',
  'matrix/tokenizer/tokenizer_config.json',
  'tokenizers/kinds.json',
];

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

async function outcomeOf(use: () => Promise<void> | void): Promise<'used' | 'refused'> {
  try {
    await use();
    return 'used';
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const problem = PROBLEMS.find(([, pattern]) => pattern.test(error.message))?.[0];
    if (problem !== undefined || error.message.includes(ROOT)) {
      throw new Error(`the refusal has ${problem ?? 'a path of the program'}: ${error.message}`);
    }
    return 'refused';
  }
}

/** What the message for a user must not have. */
const PROBLEMS: readonly (readonly [string, RegExp])[] = [
  ['a wrong length', /^.{0,9}$|^.{1001}/su],
  ['a control character', /\p{Cc}/u],
  ['an undefined value', /undefined|NaN|\[object/],
  ['a line of a stack trace', /\bat .+:\d+:\d+|node:internal|file:\/\//],
  [
    'words of the engine',
    /Cannot (?:read|set|convert|destructure|mix)|is not (?:a function|iterable|a constructor|defined)|Invalid (?:array|typed array|string|regular)|Maximum call stack|out of range|The value of "|Received |circular structure|BigInt/,
  ],
];
