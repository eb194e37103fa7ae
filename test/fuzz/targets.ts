// What the fuzz test damages: for each kind of file that the program reads, a folder of good files, and the way in which
// the program uses them. A new kind of file needs a new entry here; new cases of the matrix are taken by themselves.

import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { openGguf } from '../../dist/checkpoint/gguf.js';
import { ggufConfig } from '../../dist/checkpoint/ggufConfig.js';
import { ggufAsHuggingFace } from '../../dist/checkpoint/ggufNames.js';
import { openSafetensorsFolder } from '../../dist/checkpoint/safetensors.js';
import { exampleOf, readObjects } from '../../dist/commands/jsonl.js';
import { readLabels } from '../../dist/commands/labels.js';
import { Session } from '../../dist/engine/session.js';
import { cachedFolder, recipeOf } from '../../dist/model/cache.js';
import { type ExportOptions, exportModel } from '../../dist/model/export.js';
import { readManifest } from '../../dist/model/manifest.js';
import type { DeviceRequest } from '../../dist/model/recipe.js';
import { sequencesOf, UnusableText } from '../../dist/predictor/encode.js';
import { ggufTokenizer, readTokenizer, Tokenizer, writeTokenizer } from '../../dist/text/tokenizer.js';
import { CHECKPOINTS, checkpointNames, ROOT, readJson, requestOf } from '../support/fixtures.js';
import { matrixCases } from '../support/matrix.js';

export interface Target {
  readonly name: string;
  /** Writes the good files into an empty folder. */
  prepare(folder: string): Promise<void> | void;
  /** Uses the files as the program does. Throws UserError where it refuses them. */
  use(folder: string): Promise<void> | void;
  /** The file that is damaged, where it is not any of the files. */
  readonly file?: string;
  /** Whether a damaged file may end the process, so that only the long run, which has one to spare, uses it. */
  readonly mayCrash?: boolean;
}

const FIXTURES = join(ROOT, 'test/fixtures');
const GGUF = join(FIXTURES, 'gguf');
const ARCHITECTURES = join(GGUF, 'architectures');

export function fuzzTargets(): Target[] {
  return [
    ...checkpointNames().map(name => exporting(`checkpoint ${name}`, requestOf(name))),
    ...matrixCases().map(({ name, request }) => exporting(`matrix ${name}`, request)),
    ...ggufExports(),
    ...(['float16', 'int8'] as const).map(precision =>
      exporting(`${precision} export`, { ...matrixRequest('lora_query_value'), precision }),
    ),
    ...tokenizerFolders(),
    ...['bytes.gguf', 'pieces.gguf'].map(ggufTokenizerTarget),
    tensors('types.gguf', false),
    tensors('llama.gguf', true),
    shards,
    recipe,
    modelFolder,
    damagedGraph,
    jsonLines,
    labelFile,
  ];
}

/** Texts that every tokenizer and model of a run has to take. */
const TEXTS = [
  'The year 2024 costs 1,234.5 dollars, ﬁnally!',
  "  it's\n\n\ta <s> naïve 日本 😀 test ",
  'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!',
];

/** Exports a copy of a request's files, loads the export and runs it. */
function exporting(name: string, request: DeviceRequest, options?: ExportOptions): Target {
  const copies = (folder: string) => {
    const copyOf = (path: string, part: string) =>
      join(folder, part, statSync(path).isDirectory() ? '' : basename(path));
    return {
      ...request,
      base: copyOf(request.base, 'base'),
      adapters: request.adapters.map((adapter, i) => copyOf(adapter, `adapter${i}`)),
      ...(request.tokenizer && { tokenizer: copyOf(request.tokenizer, 'tokenizer') }),
    };
  };
  const paths = ({ base, adapters, tokenizer }: DeviceRequest) => [
    base,
    ...adapters,
    ...(tokenizer ? [tokenizer] : []),
  ];
  return {
    name,
    prepare(folder) {
      const into = paths(copies(folder));
      for (const [i, path] of paths(request).entries()) cpSync(path, into[i]!, { recursive: true });
    },
    async use(folder) {
      const out = join(dirname(folder), 'out');
      await exportModel(copies(folder), out, { force: true, verify: false, ...options });
      await useModel(out);
    },
  };
}

/** Reads a model folder and runs each text that its tokenizer and its model can take. */
async function useModel(folder: string): Promise<void> {
  const manifest = readManifest(folder);
  const tokenizer = Tokenizer.load(folder);
  const sequences = TEXTS.flatMap(text => {
    try {
      return sequencesOf({ manifest, tokenizer }, text);
    } catch (error) {
      if (error instanceof UnusableText) return [];
      throw error;
    }
  });
  // The tokenizer of another model may have no token that this one has an embedding for.
  if (sequences.length === 0) return;
  const session = await Session.load(folder, { device: 'cpu', threads: 1 });
  try {
    if (sequences.length === 0) return;
    const logits = await session.run(sequences);
    const wrong = logits.findIndex(
      (values, i) =>
        values.length !== manifest.labels.length * Math.max(1, sequences[i]!.headPositions.length),
    );
    if (wrong >= 0) throw new Error(`sequence ${wrong} has ${logits[wrong]!.length} logits`);
  } finally {
    await session.release();
  }
}

function matrixRequest(name: string): DeviceRequest {
  return matrixCases().find(found => found.name === name)!.request;
}

function ggufExports(): Target[] {
  const head = [join(ARCHITECTURES, 'head')];
  const labels = ['a', 'b', 'c'];
  const names = [
    'gemma',
    'gemma2',
    'gemma3',
    'llama3',
    'llama_linear',
    'phi3',
    'phi3_longrope',
    'qwen2',
    'qwen3_yarn',
  ];
  return names.map(name => {
    // The metadata of these architectures does not describe their tokenizers completely.
    const tokenizer = /^(gemma|phi)/.test(name) ? { tokenizer: join(FIXTURES, 'matrix/tokenizer') } : {};
    const base = join(ARCHITECTURES, `${name}.gguf`);
    return exporting(`gguf ${name}`, {
      base,
      adapters: head,
      labels,
      precision: 'float32',
      maxLength: 16,
      ...tokenizer,
    });
  });
}

/** A folder for each kind of tokenizer and for each class of transformers, with the files beside tokenizer.json. */
function tokenizerFolders(): Target[] {
  type Files = Readonly<Record<string, object>>;
  const { kinds, vocabularies } = readJson(join(FIXTURES, 'tokenizers/kinds.json')) as {
    kinds: { name: string; vocabulary: string; file: { model: object } }[];
    vocabularies: Files;
  };
  const auto = readJson(join(FIXTURES, 'tokenizers/auto.json')) as {
    bases: Record<string, { model: { vocab: Record<string, number> }; added_tokens?: { content: string }[] }>;
    cases: { base: string; changes: object; config: object | null; files: Files; class: string }[];
  };
  const ofKinds = kinds.map(({ name, vocabulary, file }) =>
    tokenizerFolder(name, {
      'tokenizer.json': { ...file, model: { ...file.model, ...vocabularies[vocabulary] } },
      'tokenizer_config.json': { tokenizer_class: 'TokenizersBackend', model_max_length: 512 },
    }),
  );
  const ofClasses = auto.cases.map(({ base, changes, config, files, ...expected }) => {
    const json = { ...auto.bases[base]!, ...changes };
    const model = { ...json.model, ...vocabularies[base] };
    const added_tokens = json.added_tokens?.map(token => ({ id: model.vocab[token.content] ?? 0, ...token }));
    // The name of a target stays the same when cases are added to the fixture.
    const content = createHash('sha256').update(JSON.stringify([base, changes, config, files]));
    return tokenizerFolder(`${expected.class} ${content.digest('hex').slice(0, 8)}`, {
      'tokenizer.json': { ...json, model, added_tokens },
      ...(config && { 'tokenizer_config.json': config }),
      ...files,
    });
  });
  return [...ofKinds, ...ofClasses];
}

function tokenizerFolder(name: string, files: Readonly<Record<string, object | null>>): Target {
  return {
    name: `tokenizer ${name}`,
    prepare(folder) {
      for (const [file, content] of Object.entries(files)) {
        if (content) writeFileSync(join(folder, file), JSON.stringify(content));
      }
    },
    use(folder) {
      Tokenizer.load(folder);
      const definition = readTokenizer(folder);
      const again = join(dirname(folder), 'written');
      mkdirSync(again, { recursive: true });
      writeTokenizer(definition, again);
      const [first, second] = [new Tokenizer(definition), Tokenizer.load(again)].map(tokenizer =>
        TEXTS.map(text =>
          [...tokenizer.encode(text, 512).ids, ...tokenizer.encodeWords(text.split(' ')).flat()].join(),
        ),
      );
      if (first!.join() !== second!.join())
        throw new Error('the tokenizer gives other ids after it was written and read');
    },
  };
}

function ggufTokenizerTarget(name: string): Target {
  return {
    name: `tokenizer in ${name}`,
    prepare: folder => cpSync(join(GGUF, name), join(folder, name)),
    use(folder) {
      const file = openGguf(join(folder, name));
      file.close();
      const tokenizer = new Tokenizer(ggufTokenizer(file.metadata));
      for (const text of TEXTS) tokenizer.encode(text, 512);
    },
  };
}

/** Reads every tensor of a GGUF file under its own name, and under that of Hugging Face where it is a model. */
function tensors(name: string, isModel: boolean): Target {
  return {
    name: `tensors of ${name}`,
    prepare: folder => cpSync(join(GGUF, name), join(folder, name)),
    async use(folder) {
      const file = openGguf(join(folder, name));
      try {
        for (const { name, shape } of file.tensors.values()) {
          await file.read(name);
          await file.read(name, 0, Math.min(1, shape[0] ?? 1));
        }
        if (!isModel) return;
        ggufConfig(file);
        const model = ggufAsHuggingFace(file);
        for (const name of model.tensors.keys()) await model.read(name);
      } finally {
        file.close();
      }
    },
  };
}

const shards: Target = {
  name: 'shards',
  prepare: folder => cpSync(join(CHECKPOINTS, 'sharded_bf16_all_linear/base'), folder, { recursive: true }),
  async use(folder) {
    const source = openSafetensorsFolder(folder);
    try {
      for (const name of source.tensors.keys()) await source.read(name);
    } finally {
      source.close();
    }
  },
};

/** A recipe, with the hashes that an earlier run has kept. */
const recipe: Target = {
  name: 'recipe',
  async prepare(folder) {
    const { base, adapters } = matrixRequest('lora_query_value');
    const { labels, ...request } = { labels: ['a', 'b', 'c'], ...matrixRequest('lora_query_value') };
    cpSync(base, join(folder, 'base'), { recursive: true });
    cpSync(adapters[0]!, join(folder, 'adapter'), { recursive: true });
    cpSync(request.tokenizer!, join(folder, 'tokenizer'), { recursive: true });
    mkdirSync(join(folder, 'recipe'));
    const options = {
      ...request,
      base: '../base',
      adapter: ['../adapter'],
      tokenizer: '../tokenizer',
      labels,
    };
    writeFileSync(join(folder, 'recipe/recipe.json'), JSON.stringify({ ...options, adapters: undefined }));
    await cachedFolder('recipe', recipeOf(join(folder, 'recipe'), 'cpu'), join(folder, 'cache'), () => {});
  },
  async use(folder) {
    const request = recipeOf(join(folder, 'recipe'), 'cpu');
    await cachedFolder('recipe', request, join(folder, 'cache'), () => {});
    const out = join(dirname(folder), 'out');
    await exportModel(request, out, { force: true, verify: false, calibrate: false });
    await useModel(out);
  },
};

/** A finished model folder, in which sizes of files or the JSON files are wrong. */
const modelFolder: Target = {
  name: 'model folder',
  prepare: folder =>
    exportModel(matrixRequest('lora_query_value'), folder, { force: true, verify: false }).then(() => {}),
  use(folder) {
    readManifest(folder);
    const tokenizer = Tokenizer.load(folder);
    for (const text of TEXTS) tokenizer.encode(text, 512);
  },
};

/** A graph that ONNX Runtime may refuse with an error of its own. It is loaded in an engine process by the program. */
const damagedGraph: Target = {
  ...modelFolder,
  name: 'graph',
  file: 'model.onnx',
  mayCrash: true,
  async use(folder) {
    const session = await Session.load(folder, { device: 'cpu', threads: 1 }).catch(() => undefined);
    await session?.release();
  },
};

const jsonLines: Target = {
  name: 'JSON lines',
  prepare(folder) {
    const lines = readFileSync(join(FIXTURES, 'shipped/entities.jsonl'), 'utf8').split('\n').slice(0, 5);
    writeFileSync(join(folder, 'data.jsonl'), `${lines.join('\n')}\n`);
  },
  async use(folder) {
    for await (const { json } of readObjects(join(folder, 'data.jsonl'))) exampleOf(json);
  },
};

const labelFile: Target = {
  name: 'labels',
  prepare: folder => writeFileSync(join(folder, 'labels.json'), '["World", "Sports", "Business"]'),
  use: folder => void readLabels(join(folder, 'labels.json')),
};
