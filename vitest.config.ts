import { defineConfig } from 'vitest/config';

/** Tests that export models, start processes or run for seconds. Every other file is a quick test. */
const SLOW = [
  'test/server/**',
  'test/cases/**',
  'test/client/*.test.ts',
  'test/clients/*.test.ts',
  'test/commands/{advice,eval,tables}.test.ts',
  'test/compat/*.test.ts',
  'test/model/reading.test.ts',
  'test/train/{gradients,steps,train}.test.ts',
  'test/playground/*.test.ts',
  'test/**/{bench,checkpoints,cli,cudaKernels,engine,engines,examples,fuzz,inspect,int8,loadTest,matrix,monitoring,atomicFolder,reference,shipped,smoothing,verify,ready,encoder,tokenizerFiles,ggufTokenizer,offsetsOfTokens}.test.ts',
];
/** Packs the project, which builds `dist/` anew: it runs once the other tests, which need `dist/`, have ended. */
const PACKAGE = ['test/package.test.ts'];

export default defineConfig({
  test: {
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    setupFiles: ['test/support/seed.ts'],
    projects: [
      {
        extends: true,
        test: { name: 'quick', include: ['test/**/*.test.ts'], exclude: [...SLOW, ...PACKAGE] },
      },
      { extends: true, test: { name: 'slow', include: SLOW } },
      { extends: true, test: { name: 'package', include: PACKAGE, sequence: { groupOrder: 1 } } },
    ],
    // Tests import the built code, and its source maps lead to `src/`. Code that runs in processes of its own (engines,
    // exports, the command line) is not counted.
    coverage: { include: ['dist/**'], reporter: ['text', 'html'], reportsDirectory: 'coverage' },
  },
});
