// Draws the picture of the architecture: the rooms of src/ on their floors, and which room imports which.
// usage: npm run docs:picture

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { drawRooms, type Room } from './architectureDrawing.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

export const PICTURE = join(ROOT, 'docs/architecture.svg');

/** Imports and exports from a relative path, and paths of threads and processes that are started. */
const IMPORT = /(?:from|import\(|new URL\()\s*'(\.{1,2}\/[^']+)'/g;

/** The picture as the text of an SVG. Throws an Error where rooms import each other in a circle. */
export function architecturePicture(): string {
  return drawRooms(readRooms());
}

function readRooms(): Room[] {
  const src = join(ROOT, 'src');
  const names = readdirSync(src, { withFileTypes: true }).filter(entry => entry.isDirectory());
  const rooms = names.map(({ name }) => ({ name, ...readRoom(src, name) }));
  const isRoom = (name: string) => rooms.some(room => room.name === name);
  for (const { name, imports } of rooms) {
    for (const imported of imports) if (imported === name || !isRoom(imported)) imports.delete(imported);
  }
  const floorOf = (name: string, below: readonly string[]): number => {
    if (below.includes(name)) throw new Error(`rooms import each other: ${[...below, name].join(', ')}`);
    const importers = rooms.filter(({ imports }) => imports.has(name));
    return Math.max(-1, ...importers.map(importer => floorOf(importer.name, [...below, name]))) + 1;
  };
  return rooms.map(room => ({ ...room, floor: floorOf(room.name, []) }));
}

/** The number of files of a room, and the first part of every path below src/ that its files import. */
function readRoom(src: string, name: string) {
  const paths = readdirSync(join(src, name), { recursive: true, encoding: 'utf8' });
  const files = paths.filter(path => path.endsWith('.ts'));
  const imports = new Set<string>();
  for (const file of files) {
    const text = readFileSync(join(src, name, file), 'utf8');
    for (const [, path] of text.matchAll(IMPORT)) {
      imports.add(posix.join(name, dirname(file), path!).split('/')[0]!);
    }
  }
  return { files: files.length, imports };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(PICTURE, architecturePicture());
}
