// Prepares the packages that the package's tarball bundles, by the manifests from which `npm pack` reads what to bundle.
//
// onnxruntime-node: its install script downloads CUDA libraries from nuget.org on Linux x64 and fails the whole
// installation where that cannot be reached. The bundled copy has no script, none of the packages that only the script
// needs, and no libraries for Windows, on which lsllama is not tested.
// swagger-ui-dist: it depends on a package whose install script reports installations to a server. The bundled copy does
// not, and has only the two files that the service sends.
//
//   tsx tools/bundleRuntime.ts           replaces the manifests
//   tsx tools/bundleRuntime.ts restore   puts the originals back

import { copyFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The parts of a package.json that are read. */
interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** The fields that tell what a bundled copy has, by the name of its package. */
const BUNDLED: Readonly<Record<string, (original: Manifest) => object>> = {
  'onnxruntime-node': ({ main, types, dependencies }) => ({
    main,
    types,
    // The two libraries for macOS are one and the same under two names, of which the binding loads the short one.
    files: [
      'dist/*.js',
      'bin/napi-v6/linux',
      'bin/napi-v6/darwin',
      '!bin/napi-v6/darwin/*/libonnxruntime.1.*.dylib',
    ],
    dependencies: { 'onnxruntime-common': dependencies['onnxruntime-common'] },
  }),
  'swagger-ui-dist': () => ({
    files: ['swagger-ui-bundle.js', 'swagger-ui-bundle.js.LICENSE.txt', 'swagger-ui.css', 'NOTICE'],
  }),
};

for (const [name, fieldsOf] of Object.entries(BUNDLED)) {
  const manifest = fileURLToPath(new URL(`../node_modules/${name}/package.json`, import.meta.url));
  const original = `${manifest}.original`;
  if (process.argv[2] === 'restore') {
    if (existsSync(original)) renameSync(original, manifest);
    continue;
  }
  // An original that is still there is left from a `npm pack` that failed.
  if (!existsSync(original)) copyFileSync(manifest, original);
  const content: Manifest = JSON.parse(readFileSync(original, 'utf8'));
  const { version, description, license, repository } = content;
  const bundled = { name, version, description, license, repository, ...fieldsOf(content) };
  // Renamed into place, so that a program that starts meanwhile finds one manifest or the other.
  writeFileSync(`${manifest}.new`, JSON.stringify(bundled, null, 2));
  renameSync(`${manifest}.new`, manifest);
}
