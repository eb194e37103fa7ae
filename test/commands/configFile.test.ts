// serve --config: options from a file, with the flags' names.

import { writeFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { expect, it } from 'vitest';
import { applyConfig } from '../../dist/commands/configFile.js';
import { configure } from '../../dist/commands/serve.js';
import { temporaryFolder } from '../support/fixtures.js';

const folder = temporaryFolder();

/** The options of serve, with those of a file. */
function optionsOf(text: string, ...flags: string[]) {
  const file = `${folder}/service.yaml`;
  writeFileSync(file, text);
  const command = new Command('serve').exitOverride();
  configure(command);
  command.action(() => applyConfig(command, file));
  command.parse(flags, { from: 'user' });
  return command.opts();
}

it('sets options, and the command line comes first', () => {
  const text = 'port: 9000\ncache-size: 5\nwatch: true\ncors-origin: [https://a.org, https://b.org]\n';
  expect(optionsOf(text, '--cache-size', '7')).toMatchObject({
    port: 9000,
    cacheSize: 7,
    watch: true,
    corsOrigin: ['https://a.org', 'https://b.org'],
    host: '127.0.0.1',
  });
});

it('is JSON as well', () => {
  expect(optionsOf('{"host": "::1", "batch-tokens": 512}')).toMatchObject({ host: '::1', batchTokens: 512 });
});

it('the environment comes before the file', () => {
  process.env.LSLLAMA_PORT = '9001';
  expect(optionsOf('port: 9000')).toMatchObject({ port: 9001 });
  delete process.env.LSLLAMA_PORT;
});

it('paths are relative to the file', () => {
  const models = 'models:\n  support: recipes/support-v3\n  names: /srv/names\n';
  expect(optionsOf(`cache: cache\ntls-cert: ../cert.pem\n${models}`)).toMatchObject({
    cache: `${folder}/cache`,
    tlsCert: `${folder.slice(0, folder.lastIndexOf('/'))}/cert.pem`,
    models: { support: `${folder}/recipes/support-v3`, names: '/srv/names' },
  });
  expect(optionsOf('models: mine')).toMatchObject({ models: `${folder}/mine` });
});

it.each([
  ['an unknown option', 'port: 1\nprot: 2', 'service.yaml:2: unknown option "prot"'],
  [
    'a value out of range',
    '\n\nport: 70000',
    'service.yaml:3: port: expected a whole number from 0 to 65535.',
  ],
  ['a switch that is no boolean', 'watch: 3', 'service.yaml:1: watch: expected true or false.'],
  ['a wrong choice', 'log-level: loud', 'service.yaml:1: log-level: Allowed choices are'],
  ['an object', 'port: {a: 1}', 'service.yaml:1: port: expected a text or a number.'],
  ['another file', 'config: other.yaml', 'service.yaml:1: unknown option "config"'],
  ['no options', '- port', 'service.yaml:1: expected options, such as "port: 8080"'],
  ['an empty file', '', 'service.yaml:1: expected options'],
  ['no YAML', 'port: 1\nhost: [a', 'service.yaml:2: '],
  ['the same option twice', 'port: 1\nport: 2', 'service.yaml:2: Map keys must be unique'],
])('refuses %s with its line', (_, text, message) => {
  expect(() => optionsOf(text)).toThrow(message);
});

it('a file that is missing is named', () => {
  const command = new Command('serve').addOption(new Option('--port <n>'));
  expect(() => applyConfig(command, `${folder}/none.yaml`)).toThrow('none.yaml: cannot be read (ENOENT)');
});
