// Lists the licences of the packages that lsllama needs at run time.
// usage: npm run docs:licences

import { writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type RuntimePackage, runtimePackages } from './runtimePackages.ts';

export const LICENCES = fileURLToPath(new URL('../docs/licences.md', import.meta.url));

const HEAD = `# Licences

The packages that lsllama needs at run time, with those that they need themselves, as \`package-lock.json\` has them. \`npm run docs:licences\` writes this list. The licences of lsllama, of ONNX Runtime's libraries and of the base model are in [LICENSE](../LICENSE) and [NOTICE](../NOTICE).

| licence | packages |
|---|---|
`;

/** The list as Markdown, a row for each licence, that of the most packages first. */
export function licencesPage(): string {
  const packages = runtimePackages();
  const licences = [...new Set(packages.map(({ license }) => license))].sort();
  const rows = licences
    .map(licence => [licence, packages.filter(({ license }) => license === licence)] as const)
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([licence, under]) => `| ${licence} | ${under.map(named).join(', ')} |\n`);
  return HEAD + rows.join('');
}

function named({ name, version }: RuntimePackage): string {
  return `${name} ${version}`;
}

if (import.meta.url === pathToFileURL(process.argv[1]!).href) writeFileSync(LICENCES, licencesPage());
