// Edits of safetensors files.

import { readFileSync, writeFileSync } from 'node:fs';

interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [start: number, end: number];
}

/** Rewrites a file's header. The data of tensors that the header still has stays as it is. */
export function editSafetensors(path: string, edit: (header: Record<string, unknown>) => void): void {
  const bytes = readFileSync(path);
  const length = Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + length));
  edit(header);
  // Tensors lie end to end, so those behind a removed one move up.
  const data: Buffer[] = [];
  let end = 0;
  for (const [name, entry] of Object.entries(header as Record<string, Entry>)) {
    if (name === '__metadata__') continue;
    const [from, to] = entry.data_offsets;
    data.push(bytes.subarray(8 + length + from, 8 + length + to));
    entry.data_offsets = [end, end + to - from];
    end += to - from;
  }
  const edited = Buffer.from(JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(edited.length));
  writeFileSync(path, Buffer.concat([size, edited, ...data]));
}

/** Gives the tensors of a file other names. */
export function renameTensorsIn(path: string, rename: (name: string) => string): void {
  editSafetensors(path, header => {
    for (const [name, entry] of Object.entries(header)) {
      if (name === '__metadata__' || rename(name) === name) continue;
      delete header[name];
      header[rename(name)] = entry;
    }
  });
}
