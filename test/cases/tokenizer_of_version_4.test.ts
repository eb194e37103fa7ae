// Tokenizers that transformers 4 and 5 read differently: both readings give the ids of their version, an export chooses by
// the evidence beside the adapter or as it is told, and says so.

import { cpSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportModel } from '../../dist/model/export.js';
import { ingredientsOf } from '../../dist/model/identity.js';
import { type Manifest, readManifest } from '../../dist/model/manifest.js';
import type { DeviceRequest } from '../../dist/model/recipe.js';
import { readTokenizer, Tokenizer } from '../../dist/text/tokenizer.js';
import { lsllama } from '../support/cli.js';
import { CHECKPOINTS, ROOT, readJson, requestOf, temporaryFolder } from '../support/fixtures.js';

const CASE = join(ROOT, 'test/fixtures/cases/tokenizer_of_version_4');
const FOLDERS = ['deepseek_qwen', 'llama2', 'yi'] as const;
type Folder = (typeof FOLDERS)[number];
type Ids = Readonly<Record<Folder, { readonly texts: number[][]; readonly words: number[][] }>>;
const expected = readJson(`${CASE}/expected.json`) as {
  readonly texts: readonly string[];
  readonly version4: Ids;
  readonly version5: Ids;
};

const work = temporaryFolder();

function idsOf(tokenizer: Tokenizer): { texts: number[][]; words: number[][] } {
  return {
    texts: expected.texts.map(text => [...tokenizer.encode(text, 100).ids]),
    words: expected.texts.map(text => [...tokenizer.joinWords(tokenizer.encodeWords([text, 'hello']))]),
  };
}

/** A checkpoint whose base has the tokenizer of a folder. */
function checkpointWith(tokenizer: Folder): { readonly folder: string; readonly request: DeviceRequest } {
  const folder = mkdtempSync(join(work, `${tokenizer}-`));
  cpSync(`${CHECKPOINTS}/ls_llama_seq`, folder, { recursive: true });
  for (const name of ['tokenizer.json', 'tokenizer_config.json']) {
    cpSync(`${CASE}/${tokenizer}/${name}`, `${folder}/base/${name}`);
  }
  const request = {
    ...requestOf('ls_llama_seq'),
    base: `${folder}/base`,
    adapters: [`${folder}/adapter`],
  };
  return { folder, request };
}

async function exported(request: DeviceRequest): Promise<{
  manifest: Manifest;
  ids: ReturnType<typeof idsOf>;
  notes: string[];
}> {
  const out = join(mkdtempSync(join(work, 'out-')), 'model');
  const notes: string[] = [];
  await exportModel(request, out, { verify: false, onNote: line => notes.push(line) });
  return { manifest: readManifest(out), ids: idsOf(Tokenizer.load(out)), notes };
}

describe.each(FOLDERS)('the tokenizer of %s', folder => {
  it.each([
    ['transformers 4 as it is written', true, expected.version4],
    ['transformers 5 otherwise', false, expected.version5],
  ] as const)('gives the ids of %s', (_, asWritten, ids) => {
    expect(idsOf(new Tokenizer(readTokenizer(`${CASE}/${folder}`, asWritten)))).toEqual(ids[folder]);
  });
});

describe('an export', () => {
  it('reads the tokenizer as transformers 5 where nothing tells the version, and says so with an example', async () => {
    const { manifest, ids, notes } = await exported(checkpointWith('yi').request);
    expect(ids).toEqual(expected.version5.yi);
    expect(manifest.tokenizer).toMatchObject({ asWritten: false });
    expect(notes).toEqual([
      expect.stringMatching(
        /^tokenizer: transformers 5 reads "2023" as \[380\], transformers 4, .* as \[336\]; using that of transformers 5, because .*--tokenizer-as-written/,
      ),
    ]);
  });

  it('takes it as written where the adapter was trained under version 4', async () => {
    const { folder, request } = checkpointWith('yi');
    writeFileSync(
      `${folder}/adapter/README.md`,
      '### Framework versions\n\n- PEFT 0.13.2\n- Transformers 4.44.0\n',
    );
    const { manifest, ids, notes } = await exported(request);
    expect(ids).toEqual(expected.version4.yi);
    expect(manifest.tokenizer).toEqual({
      asWritten: true,
      evidence: "the adapter's README.md names transformers 4.44.0",
    });
    expect(notes[0]).toMatch(/using that of transformers 4, because the adapter's README\.md/);
  });

  it("takes the adapter's own tokenizer as written if version 4 saved it", async () => {
    const { folder, request } = checkpointWith('yi');
    for (const name of ['tokenizer.json', 'tokenizer_config.json']) {
      cpSync(`${CASE}/llama2/${name}`, `${folder}/adapter/${name}`);
    }
    expect((await exported(request)).ids).toEqual(expected.version4.llama2);
  });

  it('does as it is told, whatever the evidence', async () => {
    const { request } = checkpointWith('llama2');
    const { manifest, ids } = await exported({ ...request, tokenizerAsWritten: true });
    expect(ids).toEqual(expected.version4.llama2);
    expect(manifest.tokenizer).toMatchObject({ asWritten: true });
    writeFileSync(`${request.adapters[0]}/config.json`, '{"transformers_version": "4.44.0"}');
    const refused = await exported({ ...request, tokenizerAsWritten: false });
    expect(refused.ids).toEqual(expected.version5.llama2);
  });

  it('says nothing where the two versions agree', async () => {
    const { manifest, notes } = await exported({ ...requestOf('ls_llama_seq'), tokenizerAsWritten: true });
    expect(notes).toEqual([]);
    expect(manifest.tokenizer).toMatchObject({ asWritten: true });
  });

  it('has an identity of its own for each choice, told or by evidence', async () => {
    const { folder, request } = checkpointWith('yi');
    const keyOf = async (changes: Partial<DeviceRequest> = {}) =>
      (await ingredientsOf({ ...request, ...changes })).key;
    const byDefault = await keyOf();
    expect(await keyOf({ tokenizerAsWritten: false })).toBe(byDefault);
    const asWritten = await keyOf({ tokenizerAsWritten: true });
    expect(asWritten).not.toBe(byDefault);
    writeFileSync(`${folder}/adapter/README.md`, '### Framework versions\n\n- Transformers: 4.46.2\n');
    expect(await keyOf()).toBe(asWritten);
  });
});

describe('the command line', () => {
  it('exports with either choice, from flags and from a recipe, and inspect shows it', () => {
    const { folder } = checkpointWith('yi');
    const recipe = { base: 'base', adapter: 'adapter', precision: 'float32', tokenizerAsWritten: true };
    const labels = ['World', 'Sports', 'Business', 'Sci/Tech'];
    writeFileSync(`${folder}/recipe.json`, JSON.stringify({ ...recipe, labels }));
    const args = ['export', '--recipe', folder, '--no-verify', '--out'];
    const fromRecipe = lsllama([...args, `${folder}/a`]);
    expect(fromRecipe.status).toBe(0);
    expect(fromRecipe.stderr).toMatch(
      /^tokenizer: transformers 5 reads "2023".*using that of transformers 4/m,
    );
    expect(idsOf(Tokenizer.load(`${folder}/a`))).toEqual(expected.version4.yi);
    const withFlag = lsllama([...args, `${folder}/b`, '--no-tokenizer-as-written']);
    expect(withFlag.stderr).toMatch(/using that of transformers 5/);
    expect(idsOf(Tokenizer.load(`${folder}/b`))).toEqual(expected.version5.yi);

    const line = /^note +tokenizer: transformers 5 reads "2023" as \[380\]/m;
    expect(lsllama(['inspect', folder]).stdout).toMatch(line);
    expect(lsllama(['inspect', `${folder}/base`]).stdout).toMatch(line);
    expect(lsllama(['inspect', `${folder}/a`]).stdout).toMatch(line);
    expect(lsllama(['inspect', `${folder}/adapter`]).stdout).not.toMatch(/^version/m);
    writeFileSync(`${folder}/adapter/config.json`, '{"transformers_version": "4.44.0"}');
    expect(lsllama(['inspect', `${folder}/adapter`]).stdout).toMatch(
      /^version +transformers 4: the adapter's config\.json names transformers 4\.44\.0/m,
    );
  });
});
