// Writes the software bill of materials (CycloneDX) of what lsllama needs at run time to sbom/, and checks that it names
// every package of package-lock.json with its licence.
// usage: npm run sbom

import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runtimePackages } from './runtimePackages.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDER = join(ROOT, 'sbom');

/** The parts of the format that are read: https://cyclonedx.org/docs/1.5/json */
interface Bom {
  components: readonly Component[];
  dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}
interface Component {
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
  readonly licenses?: readonly {
    readonly expression?: string;
    readonly license?: { readonly id?: string };
  }[];
}

const packages = runtimePackages();
const keyOf = ({ name, version }: { readonly name: string; readonly version: string }) =>
  `${name}@${version}`;
const wanted = new Map(packages.map(found => [keyOf(found), found.license]));

const bom = readBom();
// `npm sbom --omit dev` leaves out what a package for development needs as well, such as yaml. Hence it lists all, and
// those of development are taken out here.
bom.components = bom.components.filter(component => wanted.has(keyOf(component)));
const refs = new Set(bom.components.map(component => component['bom-ref']));
bom.dependencies = bom.dependencies
  .filter(({ ref }) => refs.has(ref) || ref.startsWith('lsllama@'))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter(on => refs.has(on)) }));

const listed = new Map(bom.components.map(component => [keyOf(component), licenceOf(component)]));
for (const [name, licence] of wanted) {
  const found = listed.get(name);
  if (found !== licence)
    throw new Error(`${name}: expected ${licence} in the bill, found ${found ?? 'none'}`);
}
mkdirSync(FOLDER, { recursive: true });
writeFileSync(join(FOLDER, 'lsllama.cdx.json'), `${JSON.stringify(bom, null, 2)}\n`);
console.log(`sbom/lsllama.cdx.json: ${bom.components.length} packages`);

function readBom(): Bom {
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
  const { status, stdout, stderr } = spawnSync('npm', args, {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) throw new Error(`npm ${args.join(' ')} ended with ${status}: ${stderr}`);
  return JSON.parse(stdout) as Bom;
}

/** npm writes a single licence by its id, and an expression in parentheses. */
function licenceOf({ licenses }: Component): string | undefined {
  const [first] = licenses ?? [];
  return first?.license?.id ?? first?.expression;
}
