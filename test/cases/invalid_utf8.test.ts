// Bytes that are not UTF-8 are refused wherever they come from, and are never read as U+FFFD. Byte order marks are left out.

import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { lsllama } from '../support/cli.js';
import { CHECKPOINTS, exportCheckpoint, temporaryFolder } from '../support/fixtures.js';
import { post as postTo } from '../support/http.js';
import { ready, startService } from '../support/service.js';

const models = temporaryFolder();
const work = temporaryFolder();
let url: string;

beforeAll(async () => {
  await exportCheckpoint('ls_llama_seq', models);
  await exportCheckpoint('ls_unllama_tok', models);
  const service = await startService(models, models);
  url = service.url;
  await ready(service);
});

/** Bytes that stand inside a JSON string. */
const request = (...bytes: number[]) =>
  Buffer.concat([Buffer.from('{"inputs":"a '), Buffer.from(bytes), Buffer.from(' b"}')]);
const latin1 = (text: string) => Buffer.from(text, 'latin1');
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

async function post(path: string, bytes: Buffer, headers?: Record<string, string>) {
  const { status, body } = await postTo(`${url}${path}`, bytes, headers);
  return { status, body };
}

describe('a request body', () => {
  it('in Latin-1 is refused with 400, which names the byte', async () => {
    const body = latin1('{"offset_unit":"byte","inputs":"She met Angela \xe9 Merkel in Berlin"}');
    const answer = await post('/ner', body);
    expect(answer.status).toBe(400);
    expect(answer.body.detail).toBe(
      `the body is not valid JSON: expected UTF-8, found the byte 0xe9 at offset ${body.indexOf(0xe9)}`,
    );
  });

  it.each([
    ['nst/JSONTestSuite issue 30: a lone continuation byte', request(0x81)],
    ['nst/JSONTestSuite issue 30: an overlong NUL', request(0xc0, 0x80)],
    ['nst/JSONTestSuite issue 30: a code point above U+10FFFF', request(0xf4, 0x90, 0x80, 0x80)],
    ['nst/JSONTestSuite issue 30: a character that is cut short', request(0xe2, 0x82)],
    ['node-fetch/node-fetch pull request 1879: a surrogate', request(0xed, 0xa0, 0xbd)],
    ['a surrogate pair, as CESU-8 writes it', request(0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80)],
    ['a character that is cut short at the end', Buffer.concat([request(), Buffer.from([0xef, 0xbf])])],
    ['UTF-16 with a byte order mark', Buffer.from('\ufeff{"inputs":"a"}', 'utf16le')],
  ])('%s is refused with 400', async (_, body) => {
    expect((await post('/classify', body)).status).toBe(400);
    const zipped = await post('/classify', gzipSync(body), { 'content-encoding': 'gzip' });
    expect(zipped.status).toBe(400);
  });

  it.each([
    ['expressjs/body-parser issue 106', 'iso-8859-1', latin1('{"inputs":"caf\xe9"}')],
    ['expressjs/body-parser issue 440', 'utf-7', latin1('{"inputs":"caf+AOk-"}')],
    ['expressjs/body-parser pull request 117', 'utf-16', Buffer.from('{"inputs":"café"}', 'utf16le')],
  ])('%s: the charset %s is refused with 415, which names it', async (_, charset, body) => {
    const answer = await post('/classify', body, { 'content-type': `application/json; charset=${charset}` });
    expect(answer.status).toBe(415);
    expect(answer.body.detail.toLowerCase()).toContain(charset);
  });

  it('is read the same with a byte order mark, a charset, and compressed', async () => {
    const body = Buffer.from(JSON.stringify({ inputs: '東京 café 🎉 '.repeat(9000) }));
    const plain = await post('/classify', body);
    expect(plain.status).toBe(200);
    expect(await post('/classify', Buffer.concat([BOM, body]))).toEqual(plain);
    expect(await post('/classify', gzipSync(body), { 'content-encoding': 'gzip' })).toEqual(plain);
    const charset = { 'content-type': 'application/json; charset="UTF-8"' };
    expect(await post('/classify', body, charset)).toEqual(plain);
  });

  it('may have an escaped lone surrogate, which is UTF-8', async () => {
    expect((await post('/classify', Buffer.from('{"inputs":"a \\ud800 b"}'))).status).toBe(200);
  });
});

describe('lines', () => {
  const good = Buffer.from('{"text": "東京 café"}\n');
  // The line of jingyaogong/minimind issue 551 begins with a byte of a character that has no other.
  const bad = Buffer.from([0xe6, ...latin1('{"text": "x"}\n')]);
  const middle = latin1('{"text": "caf\xe9"}\r\n');

  it('predict answers the good ones, and gives the others an error in their place', () => {
    const input = Buffer.concat([BOM, good, bad, good, middle, BOM, good.subarray(0, -1)]);
    const { status, stdout } = lsllama(['predict', `${models}/ls_llama_seq`], input);
    const answers = stdout
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line));
    expect(status).toBe(1);
    const [first] = answers;
    expect(first.label).toEqual(expect.any(String));
    expect(answers).toEqual([
      first,
      { error: 'expected UTF-8, found the byte 0xe6 at offset 0' },
      first,
      { error: 'expected UTF-8, found the byte 0xe9 at offset 13' },
      first,
    ]);
  });

  it('predict reads lines that are longer than the parts in which a file is read', () => {
    const file = `${work}/long.jsonl`;
    const line = `${JSON.stringify({ text: 'é🎉'.repeat(60_000) })}\n`;
    writeFileSync(file, `\ufeff${line}\n${line}`);
    const { stdout } = lsllama(['predict', `${models}/ls_llama_seq`, '--input', file]);
    const [one, blank, two] = stdout.split('\n');
    expect(JSON.parse(one!).label).toEqual(expect.any(String));
    expect(blank).toMatch(/not valid JSON/);
    expect(two).toBe(one);
  });

  it('eval refuses the data, and names the line', () => {
    const line = latin1('{"text": "caf\xe9", "label": "World"}\n');
    const data = Buffer.concat([BOM, latin1('{"text": "tea", "label": "World"}\n\n'), line]);
    const { status, stdout, stderr } = lsllama(['eval', `${models}/ls_llama_seq`, '-'], data);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/line 3: expected UTF-8, found the byte 0xe9 at offset 13/);
  });
});

describe('the files of a checkpoint', () => {
  const FILES = [
    'base/config.json',
    'base/tokenizer.json',
    'base/tokenizer_config.json',
    'adapter/adapter_config.json',
    'labels.json',
  ];

  /** A copy of a checkpoint whose files `change` changes, and what its export prints. */
  function exportOf(name: string, files: readonly string[], change: (bytes: Buffer) => Buffer) {
    const folder = `${work}/${name}`;
    cpSync(`${CHECKPOINTS}/ls_llama_seq`, folder, { recursive: true });
    writeFileSync(`${folder}/labels.json`, '["a", "b", "c", "d"]');
    for (const file of files) writeFileSync(`${folder}/${file}`, change(readFileSync(`${folder}/${file}`)));
    const inputs = ['--base', `${folder}/base`, '--adapter', `${folder}/adapter`];
    const options = ['--labels', `${folder}/labels.json`, '--precision', 'float32', '--no-verify'];
    return lsllama(['export', ...inputs, ...options, '--out', `${folder}/out`]);
  }

  it('kemomi/daimai issue 20: may begin with a byte order mark', () => {
    const { status, stdout } = exportOf('marked', FILES, bytes => Buffer.concat([BOM, bytes]));
    expect(status).toBe(0);
    const plain = exportOf('plain', [], bytes => bytes);
    expect(JSON.parse(stdout).precision).toBe(JSON.parse(plain.stdout).precision);
  });

  // The kind of danhper/python-i18n issue 31: one Latin-1 letter in a JSON file.
  it.each(FILES)('%s is refused by name if it is not UTF-8', file => {
    const name = `latin1-${FILES.indexOf(file)}`;
    const { status, stderr } = exportOf(name, [file], bytes => {
      const quote = bytes.indexOf('"') + 1;
      return Buffer.concat([bytes.subarray(0, quote), latin1('\xe9'), bytes.subarray(quote)]);
    });
    expect(status).toBe(1);
    expect(stderr).toContain(file.slice(file.indexOf('/') + 1));
    expect(stderr).toMatch(/expected UTF-8, found the byte 0xe9/);
  });
});
