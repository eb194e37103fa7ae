// Prepares onnxruntime-node for the package's tarball, which bundles it. Its install script downloads CUDA libraries from
// nuget.org on Linux x64 and fails the whole installation where that cannot be reached. The bundled copy has no script,
// none of the packages that only the script needs, and no libraries for Windows, on which lsllama is not tested.
//
//   tsx tools/bundleRuntime.ts           replaces the manifest by which `npm pack` chooses the files to bundle
//   tsx tools/bundleRuntime.ts restore   puts the original manifest back

import { copyFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const MANIFEST = fileURLToPath(new URL('../node_modules/onnxruntime-node/package.json', import.meta.url));
const ORIGINAL = `${MANIFEST}.original`;

if (process.argv[2] === 'restore') {
  if (existsSync(ORIGINAL)) renameSync(ORIGINAL, MANIFEST);
} else {
  // An original that is still there is left from a `npm pack` that failed.
  if (!existsSync(ORIGINAL)) copyFileSync(MANIFEST, ORIGINAL);
  const { name, version, description, license, repository, main, types, dependencies } = JSON.parse(
    readFileSync(ORIGINAL, 'utf8'),
  );
  const bundled = {
    name,
    version,
    description,
    license,
    repository,
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
  };
  // Renamed into place, so that a program that starts meanwhile finds one manifest or the other.
  writeFileSync(`${MANIFEST}.new`, JSON.stringify(bundled, null, 2));
  renameSync(`${MANIFEST}.new`, MANIFEST);
}
