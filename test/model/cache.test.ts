// Where the cache is.

import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { ROOT } from '../support/fixtures.js';

function defaultCache(variables: Record<string, string>): string {
  const script = `
    import { defaultCache } from ${JSON.stringify(`${ROOT}/dist/model/cache.js`)};
    process.stdout.write(defaultCache());`;
  const env = { PATH: process.env.PATH!, ...variables };
  return execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', env });
}

it('is LSLLAMA_CACHE, else in the user’s cache folder', () => {
  expect(defaultCache({ LSLLAMA_CACHE: '/somewhere', XDG_CACHE_HOME: '/other' })).toBe('/somewhere');
  expect(defaultCache({ XDG_CACHE_HOME: '/other' })).toBe('/other/lsllama');
  expect(defaultCache({ HOME: '/home/someone' })).toBe('/home/someone/.cache/lsllama');
});

it.runIf(process.getuid?.() === 0)('needs no home folder where LSLLAMA_CACHE is set', () => {
  const script = `
    process.setuid(12345);
    const { defaultCache } = await import(${JSON.stringify(`${ROOT}/dist/model/cache.js`)});
    process.stdout.write(defaultCache());`;
  const env = { PATH: process.env.PATH!, LSLLAMA_CACHE: '/somewhere' };
  expect(
    execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', env }),
  ).toBe('/somewhere');
});
