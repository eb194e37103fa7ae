// A file is replaced as a whole.

import { execFileSync, spawn } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { writeWholeFile } from '../dist/wholeFile.js';
import { temporaryFolder } from './support/fixtures.js';

const folder = temporaryFolder();

it('writes a new file, and replaces one', () => {
  const file = `${folder}/report.html`;
  for (const content of ['first', 'second']) {
    writeWholeFile(file, content);
    expect(readFileSync(file, 'utf8')).toBe(content);
  }
});

it('replaces the file that a link leads to, and keeps the link', () => {
  writeFileSync(`${folder}/real`, 'old');
  symlinkSync('real', `${folder}/link`);
  writeWholeFile(`${folder}/link`, 'new');
  expect(lstatSync(`${folder}/link`).isSymbolicLink()).toBe(true);
  expect(readFileSync(`${folder}/real`, 'utf8')).toBe('new');
});

it('writes to a pipe, which stays one', async () => {
  const pipe = `${folder}/pipe`;
  execFileSync('mkfifo', [pipe]);
  const reader = spawn('cat', [pipe]);
  const read = text(reader.stdout);
  writeWholeFile(pipe, 'through');
  expect(await read).toBe('through');
  expect(lstatSync(pipe).isFIFO()).toBe(true);
});

it('leaves nothing behind where it fails', () => {
  const missing = `${folder}/missing/file`;
  expect(() => writeWholeFile(missing, 'x')).toThrow(/ENOENT/);
  expect(readdirSync(folder).sort()).toEqual(['link', 'pipe', 'real', 'report.html']);
});
