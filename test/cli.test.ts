// The command line as a new user meets it: results, refusals and exit codes.

import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { beforeAll, describe, expect, it } from 'vitest';
import { commandCache, lsllama } from './support/cli.js';
import {
  CHECKPOINTS,
  type Golden,
  goldensOf,
  ROOT,
  readJson,
  temporaryFolder,
  worstDifference,
} from './support/fixtures.js';
import { editSafetensors, renameTensorsIn } from './support/safetensors.js';

const COMMANDS = ['serve', 'export', 'predict', 'eval', 'bench', 'inspect', 'key', 'sign', 'doctor'];

const work = temporaryFolder();
let folders = 0;
/** A path of its own that does not exist yet. */
const fresh = (name = 'out') => `${work}/${folders++}-${name}`;

/** A copy of a checkpoint that a test may damage. */
function copyOf(name: string): { base: string; adapter: string } {
  const folder = fresh(name);
  cpSync(`${CHECKPOINTS}/${name}`, folder, { recursive: true });
  return { base: `${folder}/base`, adapter: `${folder}/adapter` };
}

function editJson(path: string, edit: (json: Record<string, unknown>) => void): void {
  const json = readJson(path) as Record<string, unknown>;
  edit(json);
  writeFileSync(path, JSON.stringify(json));
}

const exportArgs = ({ base, adapter }: { base: string; adapter: string }, ...more: string[]) => {
  const out = fresh();
  const args = ['export', '--base', base, '--adapter', adapter, '--out', out, '--precision', 'float32'];
  return { out, args: [...args, ...more] };
};

describe('export, predict and eval', () => {
  const { out, args } = exportArgs(copyOf('ls_llama_seq'));
  const goldens = goldensOf('ls_llama_seq');
  let exported: ReturnType<typeof lsllama>;
  beforeAll(() => {
    exported = lsllama(args);
  });

  it('exports with the task, labels and attention that the checkpoint states', () => {
    expect(exported.status).toBe(0);
    expect(JSON.parse(exported.stdout)).toMatchObject({ out, precision: 'float32' });
    expect(readJson(`${out}/model.json`)).toMatchObject({
      task: 'sequence',
      attention: 'causal',
      pooling: 'last',
      labels: ['World', 'Sports', 'Business', 'Sci/Tech'],
      precision: 'float32',
      maxLength: 512,
      verification: { texts: 4, layers: 3 },
    });
  });

  it('refuses to overwrite, and replaces with --force', () => {
    const own = exportArgs(copyOf('ls_llama_seq'));
    expect(lsllama(own.args).status).toBe(0);
    const again = lsllama(own.args);
    expect([again.status, again.stderr]).toEqual([1, expect.stringContaining('--force')]);
    expect(lsllama([...own.args, '--force', '--max-length', '64', '--no-verify']).status).toBe(0);
    expect(readJson(`${own.out}/model.json`)).toMatchObject({ maxLength: 64, verification: null });
    expect(readdirSync(work).filter(name => name.startsWith('.'))).toEqual([]);
  });

  it('predicts lines in order, bad ones in their place', () => {
    const lines = goldens.map(({ text }) => JSON.stringify({ text, id: 7 }));
    lines.splice(2, 0, '{"text": ', '{"text": "  "}', '{"words": []}');
    const { status, stdout } = lsllama(['predict', out, '--logits'], `${lines.join('\n')}\n`);
    expect(status).toBe(1);
    const answers = stdout
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line));
    expect(answers).toHaveLength(lines.length);
    expect(answers[2].error).toMatch(/not valid JSON/);
    expect(answers[3].error).toMatch(/empty/);
    expect(answers[4].error).toMatch(/"text".*"tokens"/);
    const good = answers.filter(answer => !answer.error);
    goldens.forEach(({ logits }, i) => {
      expect(worstDifference(logits as number[], good[i].logits)).toBeLessThan(1e-4);
    });
  });

  it('evaluates', () => {
    const data = fresh('data.jsonl');
    writeFileSync(
      data,
      goldens.map(({ text, logits }) => JSON.stringify({ text, label: best(logits as number[]) })).join('\n'),
    );
    const { status, stdout } = lsllama(['eval', out, data, '--json']);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ accuracy: 1 });
    expect(lsllama(['eval', out, data]).stdout).toMatch(/accuracy +100\.00%/);
  });

  it('evaluates nothing if a line is bad, and names the line', () => {
    const data = fresh('data.jsonl');
    writeFileSync(data, '{"text": "Oil", "label": "World"}\n\n{"text": "Oil", "label": "Weather"}\n');
    expect(lsllama(['eval', out, data])).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(/data\.jsonl line 3: expected "label" to be one of.*found "Weather"/),
    });
  });

  function best(logits: number[]): string {
    return ['World', 'Sports', 'Business', 'Sci/Tech'][logits.indexOf(Math.max(...logits))]!;
  }
});

describe('predict for taggers', () => {
  it('gives spans in code points, words for texts, null for a word without a token', () => {
    const { out, args } = exportArgs(copyOf('ls_unllama_tok'), '--attention', 'bidirectional');
    expect(lsllama(args).status).toBe(0);
    const golden = goldensOf('ls_unllama_tok')[0] as Golden;
    const input = [
      { tokens: golden.words },
      { text: '🎉 Peter Blackburn' },
      { tokens: ['EU', '', 'rejects'] },
      { text: '' },
    ];
    const { stdout, status } = lsllama(
      ['predict', out, '--logits'],
      input.map(line => JSON.stringify(line)).join('\n'),
    );
    expect(status).toBe(1);
    const [words, text, gap, empty] = stdout
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line));
    for (const [i, row] of (golden.logits as number[][]).entries()) {
      expect(worstDifference(row, words.logits[i])).toBeLessThan(1e-4);
    }
    const joined = [...golden.words!.join(' ')];
    for (const { text: found, start, end } of words.entities)
      expect(joined.slice(start, end).join('')).toBe(found);
    expect(text.words).toEqual([
      [0, 1],
      [2, 7],
      [8, 17],
    ]);
    expect([gap.logits[1], gap.tags[1]]).toEqual([null, 'O']);
    expect(empty.error).toMatch(/empty/);
  });
});

describe('recipes', () => {
  it('are exported on first use into the cache, and reused', () => {
    const folder = fresh('recipe');
    mkdirSync(folder);
    cpSync(`${CHECKPOINTS}/ls_llama_seq`, `${folder}/checkpoint`, { recursive: true });
    writeFileSync(
      `${folder}/recipe.json`,
      JSON.stringify({ base: 'checkpoint/base', adapter: 'checkpoint/adapter', precision: 'auto' }),
    );
    const first = lsllama(['predict', folder], '{"text": "a"}\n');
    expect(first.status).toBe(0);
    const models = () => readdirSync(commandCache).filter(name => !name.startsWith('.'));
    const [cached, ...others] = models();
    expect(others).toEqual([]);
    expect(readJson(`${commandCache}/${cached}/model.json`)).toMatchObject({
      name: expect.stringContaining('recipe'),
    });
    expect(lsllama(['predict', folder], '{"text": "a"}\n').stdout).toBe(first.stdout);
    expect(models()).toEqual([cached]);
    const exported = lsllama(['export', '--recipe', `${folder}/recipe.json`, '--out', fresh()]);
    expect(exported.status).toBe(0);
    expect(JSON.parse(exported.stdout)).toMatchObject({ precision: 'int8' });
  });
});

describe('the precision', () => {
  it('is int8 where neither the flags nor the recipe give one, which --help says', () => {
    const { base, adapter } = copyOf('ls_llama_seq');
    const recipe = `${fresh('recipe')}.json`;
    writeFileSync(recipe, JSON.stringify({ base, adapter }));
    const sources = [
      ['--base', base, '--adapter', adapter],
      ['--recipe', recipe],
    ];
    const versions = sources.map(source => {
      const { stdout } = lsllama(['export', ...source, '--out', fresh(), '--no-verify']);
      expect(JSON.parse(stdout)).toMatchObject({ precision: 'int8' });
      return JSON.parse(stdout).version;
    });
    expect(versions[0]).toBe(versions[1]);
    expect(lsllama(['export', '--help']).stdout.replace(/\s+/g, ' ')).toContain('the default, is int8');
    expect(lsllama(['inspect', `${CHECKPOINTS}/../../../models/agnews-llama`]).stdout).toMatch(
      /^precision +int8$/m,
    );
  });

  it('of a flag takes precedence over that of a recipe, and of a recipe over the default', () => {
    const { base, adapter } = copyOf('ls_llama_seq');
    const recipe = `${fresh('recipe')}.json`;
    writeFileSync(recipe, JSON.stringify({ base, adapter, precision: 'float32' }));
    const exported = (...flags: string[]) =>
      JSON.parse(lsllama(['export', '--recipe', recipe, '--out', fresh(), '--no-verify', ...flags]).stdout);
    expect(exported()).toMatchObject({ precision: 'float32' });
    expect(exported('--precision', 'float16')).toMatchObject({ precision: 'float16' });
    expect(exported('--precision', 'auto')).toMatchObject({ precision: 'int8' });
  });
});

describe('export without --base', () => {
  const named = (adapter: string, base: unknown) =>
    editJson(`${adapter}/adapter_config.json`, json => {
      json.base_model_name_or_path = base;
    });
  const run = (adapter: string) => {
    const out = fresh();
    const { status, stderr } = lsllama(['export', '--adapter', adapter, '--out', out, '--no-verify']);
    return { status, stderr, isThere: existsSync(out) };
  };

  it('takes the local folder that the adapter names, and says so', () => {
    const { base, adapter } = copyOf('ls_llama_seq');
    for (const name of [base, '../base']) {
      named(adapter, name);
      expect(run(adapter)).toEqual({
        status: 0,
        stderr: expect.stringContaining(`base: ${base}, which the adapter names\n`),
        isThere: true,
      });
    }
  });

  it('says which base the adapter was trained on where that is not a local folder', () => {
    const { adapter } = copyOf('ls_llama_seq');
    named(adapter, 'HuggingFaceTB/SmolLM2-135M-Instruct');
    expect(run(adapter)).toEqual({
      status: 1,
      stderr: expect.stringMatching(
        /^error: adapter adapter: it was trained on HuggingFaceTB\/SmolLM2-135M-Instruct, .*--base.*\n$/,
      ),
      isThere: false,
    });
  });

  it.each([null, ''])('says that the adapter names no base where it names %j', name => {
    const { adapter } = copyOf('ls_llama_seq');
    named(adapter, name);
    expect(run(adapter)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/does not name the base.*--base/),
    });
  });
});

describe('wrong usage ends with 2', () => {
  it.each([
    [['frobnicate']],
    [['export', '--out', 'x']],
    [['export', '--base', 'x']],
    [['export', '--base', 'x', '--recipe', 'y', '--out', 'z']],
    [['export', '--base', 'x', '--out', 'z', '--task', 'regression']],
    [['predict']],
    [['predict', 'x', '--device', 'tpu']],
    [['serve', '--port', 'http']],
  ])('%j', args => {
    const { status, stdout, stderr } = lsllama(args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^error: /);
  });

  it('help ends with 0', () => {
    const program = lsllama(['--help']);
    expect(program.status).toBe(0);
    for (const command of COMMANDS) {
      expect(program.stdout).toMatch(new RegExp(`^  ${command} +[a-z]`, 'm'));
      const { status, stdout } = lsllama([command, '--help']);
      expect([status, stdout]).toEqual([0, expect.stringContaining(`Usage: lsllama ${command} [options]`)]);
      expect(lsllama(['help', command])).toMatchObject({ status: 0, stdout });
    }
  });

  it.each(COMMANDS)('%s --help has examples, with options that it has', command => {
    const [options, examples] = lsllama([command, '--help']).stdout.split('\nExamples:\n');
    const flags = examples!.match(/(?<=lsllama .*)--[a-z-]+/g) ?? [];
    expect(examples).toContain(`lsllama ${command}`);
    for (const flag of flags) expect(options).toMatch(new RegExp(`^ +${flag}[ ,]`, 'm'));
  });
});

describe('an export that is refused ends with 1 and says why', () => {
  type Checkpoint = ReturnType<typeof copyOf>;
  const cases: [string, (checkpoint: Checkpoint) => unknown, RegExp, string?][] = [
    ['a missing base', ({ base }) => void renameSync(base, `${base}-away`), /no such file or folder/],
    [
      'a missing adapter',
      ({ adapter }) => void renameSync(adapter, `${adapter}-away`),
      /adapter.*no such folder/,
    ],
    [
      'a missing config',
      ({ base }) => void renameSync(`${base}/config.json`, `${base}/other.json`),
      /neither config\.json nor/,
    ],
    [
      'a config that is no JSON',
      ({ base }) => writeFileSync(`${base}/config.json`, '{"a":'),
      /config\.json: not valid JSON/,
    ],
    [
      'truncated weights',
      ({ base }) => truncateSync(`${base}/model.safetensors`, 500_000),
      /model\.safetensors.*truncated/,
    ],
    [
      'a truncated header',
      ({ base }) => truncateSync(`${base}/model.safetensors`, 100),
      /model\.safetensors.*truncated/,
    ],
    [
      'empty weights',
      ({ adapter }) => truncateSync(`${adapter}/adapter_model.safetensors`, 0),
      /adapter_model\.safetensors.*truncated/,
    ],
    [
      'pickled weights',
      ({ base }) => void renameSync(`${base}/model.safetensors`, `${base}/pytorch_model.bin`),
      /pickled.*save_pretrained/,
    ],
    [
      'a pickled adapter',
      ({ adapter }) =>
        void renameSync(`${adapter}/adapter_model.safetensors`, `${adapter}/adapter_model.bin`),
      /adapter_model\.bin.*run code/,
    ],
    [
      'weights that are no numbers',
      ({ adapter }) => {
        const bytes = readFileSync(`${adapter}/adapter_model.safetensors`);
        writeFileSync(
          `${adapter}/adapter_model.safetensors`,
          bytes.fill(0xff, 8 + Number(bytes.readBigUInt64LE())),
        );
      },
      /verification failed.*checkpoint are not finite/,
    ],
    ['no labels', ({ base }) => editJson(`${base}/config.json`, json => delete json.id2label), /--labels/],
    ['too few labels', () => ['--labels', 'a,b,c'], /expected 4.*found 3/],
    ['repeated labels', () => ['--labels', 'a,b,c,a'], /"a" stands twice/],
    [
      'a labels file without labels',
      ({ base }) => ['--labels', `${base}/tokenizer.json`],
      /expected a JSON list/,
    ],
    [
      'an unknown family',
      ({ base }) =>
        editJson(`${base}/config.json`, json => {
          json.model_type = 'mamba';
        }),
      /found mamba, which is not supported/,
    ],
    [
      'scaled positions',
      ({ base }) =>
        editJson(`${base}/config.json`, json => {
          json.rope_scaling = { rope_type: 'mrope', factor: 2 };
        }),
      /rope_scaling\.rope_type.*llama3.*mrope/,
    ],
    [
      'another activation',
      ({ base }) =>
        editJson(`${base}/config.json`, json => {
          json.hidden_act = 'tanh';
        }),
      /hidden_act.*gelu.*tanh/,
    ],
    [
      'a quantised base',
      ({ base }) =>
        editJson(`${base}/config.json`, json => {
          json.quantization_config = { bits: 4 };
        }),
      /quantization_config/,
    ],
    [
      'a regression of several values',
      ({ base }) =>
        editJson(`${base}/config.json`, json => {
          json.problem_type = 'regression';
        }),
      /problem type: expected single or multi for the 4 rows.*found regression/,
    ],
    [
      'a wider config than its weights',
      ({ base }) =>
        editJson(`${base}/config.json`, json => {
          json.hidden_size = 128;
        }),
      /expected \[.*128.*found \[/,
    ],
    [
      'a kind of adapter that is not LoRA',
      ({ adapter }) =>
        editJson(`${adapter}/adapter_config.json`, json => {
          json.peft_type = 'IA3';
        }),
      /peft_type.*IA3/,
    ],
    [
      'a field that is not supported',
      ({ adapter }) =>
        editJson(`${adapter}/adapter_config.json`, json => {
          json.use_dora = true;
        }),
      /use_dora.*true/,
    ],
    [
      'a field that nobody knows',
      ({ adapter }) =>
        editJson(`${adapter}/adapter_config.json`, json => {
          json.use_magic = 'yes';
        }),
      /use_magic/,
    ],
    [
      'another rank than its tensors have',
      ({ adapter }) =>
        editJson(`${adapter}/adapter_config.json`, json => {
          json.r = 8;
        }),
      /rank 8.*found 4/,
    ],
    [
      'no tokenizer',
      ({ base }) => void renameSync(`${base}/tokenizer.json`, `${base}/tokenizer.model`),
      /tokenizer\.model.*AutoTokenizer\.from_pretrained/,
    ],
    ['a broken tokenizer', ({ base }) => writeFileSync(`${base}/tokenizer.json`, '{}'), /tokenizer\.json/],
    ['a length over the base’s', () => ['--max-length', '513'], /at most.*512.*found 513/],
    ['a layer past the last', () => ['--bidirectional-from', '3'], /0 to 2, found 3/],
    ['causal and unmasked', () => ['--attention', 'causal', '--bidirectional-from', '1'], /contradicts/],
    ['a tagger whose attention nobody says', () => [], /attention.*bidirectional/, 'ls_unllama_tok'],
    [
      'pooling for a tagger',
      () => ['--attention', 'bidirectional', '--pooling', 'mean'],
      /pooling/,
      'ls_unllama_tok',
    ],
  ];

  it.each(cases)('%s', (_, damage, message, name = 'ls_llama_seq') => {
    const checkpoint = copyOf(name);
    // A case returns the flags it is about, or damages the checkpoint.
    const flags = damage(checkpoint);
    const { out, args } = exportArgs(checkpoint, ...(Array.isArray(flags) ? flags : []));
    const { status, stdout, stderr } = lsllama(args);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^error: .+\n$/);
    expect([status, stdout]).toEqual([1, '']);
    expect(existsSync(out)).toBe(false);
    expect(readdirSync(work).filter(entry => entry.startsWith('.'))).toEqual([]);
  });

  it('an adapter for another base', () => {
    const small = copyOf('ls_llama_seq');
    const other = copyOf('ls_llama_seq');
    editSafetensors(`${other.adapter}/adapter_model.safetensors`, header => {
      for (const name of Object.keys(header)) if (name.includes('layers.2')) delete header[name];
    });
    const { args } = exportArgs({ base: small.base, adapter: other.adapter });
    expect(lsllama(args)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/expected a change to model\.layers\.2.*another base/),
    });

    renameTensors(other.adapter, 'layers.1', 'layers.9');
    expect(lsllama(exportArgs({ base: small.base, adapter: other.adapter }).args)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/layers\.9.*another base/),
    });
  });

  it('a head of the wrong width', () => {
    const checkpoint = copyOf('ls_llama_seq');
    editSafetensors(`${checkpoint.adapter}/adapter_model.safetensors`, header => {
      (header['base_model.model.score.weight'] as { shape: number[] }).shape = [8, 32];
    });
    expect(lsllama(exportArgs(checkpoint).args)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/score\.weight: expected \[labels, 64\], found \[8, 32\]/),
    });
  });

  it('a head of one row', () => {
    const checkpoint = copyOf('ls_llama_seq');
    editSafetensors(`${checkpoint.adapter}/adapter_model.safetensors`, header => {
      const head = header['base_model.model.score.weight'] as {
        shape: number[];
        data_offsets: [number, number];
      };
      head.shape = [1, 64];
      head.data_offsets = [head.data_offsets[0], head.data_offsets[0] + 256];
    });
    expect(lsllama(exportArgs(checkpoint).args)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/regression/),
    });
  });

  it('an adapter without a trained head', () => {
    const checkpoint = copyOf('ls_llama_seq');
    editSafetensors(`${checkpoint.adapter}/adapter_model.safetensors`, header => {
      delete header['base_model.model.score.weight'];
    });
    expect(lsllama(exportArgs(checkpoint).args)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/no trained head/),
    });
  });

  function renameTensors(adapter: string, from: string, to: string): void {
    renameTensorsIn(`${adapter}/adapter_model.safetensors`, name => name.replace(from, to));
  }
});

describe('--force never overwrites', () => {
  it('a folder that is no model, or one that the export reads from', () => {
    const checkpoint = copyOf('ls_llama_seq');
    const { args } = exportArgs(checkpoint, '--force');
    const into = (out: string) => lsllama([...args, '--out', out]);
    expect(into(checkpoint.base)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/expected a model folder/),
    });
    const own = fresh('own');
    mkdirSync(own);
    writeFileSync(`${own}/notes.txt`, 'mine');
    expect(into(own)).toMatchObject({ status: 1, stderr: expect.stringMatching(/expected a model folder/) });
    expect(readFileSync(`${own}/notes.txt`, 'utf8')).toBe('mine');
    writeFileSync(`${checkpoint.base}/model.json`, '{}');
    expect(into(checkpoint.base)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/the folder that holds/),
    });
    expect(existsSync(`${checkpoint.base}/model.safetensors`)).toBe(true);
  });

  it('the file that predict reads', () => {
    const { out, args } = exportArgs(copyOf('ls_llama_seq'));
    lsllama(args);
    const data = fresh('data.jsonl');
    writeFileSync(data, '{"text": "Oil"}\n\n{"text": "Oil"}\n');
    expect(lsllama(['predict', out, '--input', data, '--output', data])).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/another file/),
    });
    const answered = fresh('answers.jsonl');
    expect(lsllama(['predict', out, '--input', data, '--output', answered]).status).toBe(1);
    const lines = readFileSync(answered, 'utf8')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
    expect(lines.map(line => Object.keys(line)[0])).toEqual(['label', 'error', 'label']);
    expect(lsllama(['predict', out, '--input', data, '--output', `${work}/absent/x`])).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^error: .*cannot be written \(ENOENT\)\n$/),
    });
  });
});

describe('files and folders that are not what a command expects', () => {
  const empty = fresh('empty');
  mkdirSync(empty);
  const { out, args } = exportArgs(copyOf('ls_llama_seq'));
  const lines = fresh('lines.jsonl');
  writeFileSync(lines, '{"text": "a text"}\n\n{"txt": "no text"}\n');
  const broken = fresh('broken');
  mkdirSync(`${broken}/news`, { recursive: true });
  writeFileSync(`${broken}/news/recipe.json`, '{');
  beforeAll(() => {
    expect(lsllama(args)).toMatchObject({ status: 0 });
  });

  it.each([
    ['data that is missing', () => ['eval', out, '/nowhere.jsonl'], '/nowhere.jsonl: no such file'],
    ['data that is a folder', () => ['eval', out, empty], `${empty}: expected a file, found a folder`],
    [
      'data without labels',
      () => ['eval', out, lines],
      `${lines} line 1: expected "label" to be one of World, Sports, Business, Sci/Tech, found nothing`,
    ],
    [
      'bench: a line without a text',
      () => ['bench', 'http://127.0.0.1:9/classify', lines],
      `${lines} line 3: expected "text", a string, or "tokens", a list of strings`,
    ],
    [
      'bench: a line that is no JSON',
      () => ['bench', 'http://127.0.0.1:9/classify', `${broken}/news/recipe.json`],
      `${broken}/news/recipe.json line 1: not valid JSON: `,
    ],
    ['a recipe that is no JSON', () => ['predict', `${broken}/news`], 'news/recipe.json: not valid JSON: '],
  ])('%s', (_what, wrong, message) => {
    const { status, stderr } = lsllama(wrong());
    expect(stderr).toContain(`error: ${message}`);
    expect(status).toBe(1);
  });
});

describe('a damaged model', () => {
  it('is refused by an error that names the damaged file', () => {
    const { out, args } = exportArgs(copyOf('ls_llama_seq'));
    lsllama(args);
    truncateSync(`${out}/model.onnx.data`, 5000);
    expect(lsllama(['predict', out], '{"text": "a"}')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/model\.onnx\.data: expected \d+ bytes, found 5000/),
    });
  });

  it('is exported again if it is in the cache', () => {
    const folder = fresh('recipe');
    const { base, adapter } = copyOf('ls_llama_seq');
    mkdirSync(folder);
    writeFileSync(`${folder}/recipe.json`, JSON.stringify({ base, adapter }));
    expect(lsllama(['predict', folder], '{"text": "a"}').status).toBe(0);
    const cached = readdirSync(commandCache).find(name => name.includes('recipe'))!;
    truncateSync(`${commandCache}/${cached}/model.onnx.data`, 5000);
    expect(lsllama(['predict', folder], '{"text": "a"}')).toMatchObject({ status: 0 });
  });
});

describe('the first mistakes of a user get an answer that says what to do', () => {
  const models = `${ROOT}/models`;

  it.each<[readonly string[], number, RegExp]>([
    [['serve', '--prot', '80'], 2, /unknown option.*\n.*--port.*\nTry: lsllama serve --help\n$/],
    [['sevre'], 2, /unknown command.*\n.*serve.*\nTry: lsllama --help\n$/],
    [['serve', '--models', '/nowhere'], 1, /no such folder: expected a folder of model folders/],
    [['serve', '--models', `${ROOT}/package.json`], 1, /found a file/],
    [['serve', '--models', `${ROOT}/src`], 1, /found none: the command export/],
    [
      ['serve', '--models', `${models}/agnews-llama`],
      1,
      /a single model: give the folder that it is in, .*models\n$/,
    ],
    [['serve', '--host', '203.0.113.1', '--port', '0'], 1, /no such address: choose .*--host/],
    [['predict', models], 1, /expected a model folder.*found neither file: .*inspect.*export/],
    [['predict', `${models}/agnews-llama/recipe.json`], 1, /expected a model folder.*found a file/],
    [['export', '--base', 'some/model', '--out', 'x'], 1, /nothing is downloaded/],
    [
      ['export', '--base', models, '--adapter', '/nowhere', '--out', 'x'],
      1,
      /neither config\.json nor a \.gguf/,
    ],
    [
      ['export', '--adapter', '/nowhere', '--out', 'x'],
      1,
      /no such folder: expected the folder that PEFT saved/,
    ],
    [
      ['export', '--adapter', models, '--out', 'x'],
      1,
      /the folder that PEFT saved.*found no adapter_config\.json/,
    ],
    [['export', '--base', 'x', '--labels', 'absent.json', '--out', 'x'], 1, /absent\.json: no such file\n$/],
  ])('%j', (args, status, message) => {
    expect(lsllama(args)).toMatchObject({ status, stdout: '', stderr: expect.stringMatching(message) });
  });

  it('a port that is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect(lsllama(['serve', '--port', String(port)])).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/another program listens there: choose another port with --port\n$/),
    });
    server.close();
  });

  it('a recipe folder where its recipe.json is expected is taken', () => {
    const folder = fresh('recipe');
    mkdirSync(folder);
    writeFileSync(
      `${folder}/recipe.json`,
      JSON.stringify({ ...copyOf('ls_llama_seq'), precision: 'float32' }),
    );
    expect(lsllama(['export', '--recipe', folder, '--out', fresh()]).status).toBe(0);
  });
});

describe('models that do not exist', () => {
  it('predict, eval and serve say so', () => {
    expect(lsllama(['predict', '/nowhere'])).toMatchObject({
      status: 1,
      stderr: 'error: /nowhere: no such folder\n',
    });
    expect(lsllama(['predict', work])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('recipe.json'),
    });
    expect(lsllama(['eval', work, '/nowhere.jsonl'])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('nowhere.jsonl'),
    });
    expect(lsllama(['serve', '--models', '/nowhere', '--port', '0'])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('nowhere'),
    });
  });
});
