// Changes that damage a file. They are plain data, so that a case can be kept and applied again.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/fixtures.js';

/** The place of a value in a JSON document: keys and indices, from the outside in. */
export type JsonPath = readonly (string | number)[];

/** Offsets beyond the end of a file are taken modulo its length. */
export type Change =
  | { readonly kind: 'write' | 'insert'; readonly at: number; readonly hex: string }
  | { readonly kind: 'remove'; readonly at: number; readonly count: number }
  | { readonly kind: 'cut'; readonly at: number }
  /** The content of another file, whose path is relative to test/fixtures. */
  | { readonly kind: 'replace'; readonly file: string }
  /** A value, or a whole member of an object (`"key": value`), gets another text, which may be no valid JSON. */
  | { readonly kind: 'value' | 'member'; readonly path: JsonPath; readonly text: string }
  | { readonly kind: 'delete'; readonly path: JsonPath }
  /** A value becomes a list in a list in a list …, or a long string. */
  | { readonly kind: 'nest' | 'long'; readonly path: JsonPath; readonly times: number };

/** The content of a file after the changes. A change that its content has no place for has no effect. */
export function damaged(name: string, content: Buffer, changes: readonly Change[]): Buffer {
  return changes.reduce((bytes, change) => changed(name, bytes, change), content);
}

function changed(name: string, bytes: Buffer, change: Change): Buffer {
  if ('path' in change) return changeJson(name, bytes, change);
  if (change.kind === 'replace') return readFileSync(join(ROOT, 'test/fixtures', change.file));
  const at = bytes.length === 0 ? 0 : change.at % bytes.length;
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  if (change.kind === 'cut') return before;
  if (change.kind === 'remove') return Buffer.concat([before, after.subarray(change.count)]);
  const added = Buffer.from(change.hex, 'hex');
  return Buffer.concat([before, added, change.kind === 'insert' ? after : after.subarray(added.length)]);
}

/** The JSON in a file: the file itself, its lines as a list, or the header of a safetensors file. */
export function jsonOf(name: string, content: Buffer): unknown {
  try {
    if (name.endsWith('.jsonl')) {
      return content
        .toString()
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line) as unknown);
    }
    if (name.endsWith('.safetensors')) return JSON.parse(content.subarray(8, dataStart(content)).toString());
    return name.endsWith('.json') ? JSON.parse(content.toString()) : undefined;
  } catch {
    return undefined;
  }
}

/** The text of a file's JSON; undefined where an earlier change has nested it too deeply to be written. */
function textOf(name: string, document: unknown): string | undefined {
  try {
    if (!name.endsWith('.jsonl')) return JSON.stringify(document) ?? '';
    return (document as unknown[]).map(line => `${JSON.stringify(line)}\n`).join('');
  } catch {
    return undefined;
  }
}

function dataStart(safetensors: Buffer): number {
  return 8 + Number(safetensors.readBigUInt64LE());
}

/** Stands for the changed value while the document is written. */
const PLACEHOLDER = 'PLACEHOLDER-OF-THE-FUZZ-TEST';

type JsonChange = Extract<Change, { readonly path: JsonPath }>;

function changeJson(name: string, content: Buffer, change: JsonChange): Buffer {
  const document = { root: jsonOf(name, content) };
  if (document.root === undefined) return content;
  const key = ['root', ...change.path].at(-1)!;
  let parent: unknown = document;
  for (const step of ['root', ...change.path].slice(0, -1))
    parent = (parent as Record<string, unknown>)?.[step];
  if (typeof parent !== 'object' || parent === null || !Object.hasOwn(parent, key)) return content;
  const fields = parent as Record<string | number, unknown>;
  const isMember = change.kind === 'member' && !Array.isArray(parent);
  if (change.kind === 'delete') {
    if (Array.isArray(parent)) parent.splice(Number(key), 1);
    else delete fields[key];
  } else fields[key] = PLACEHOLDER;
  const text = textOf(name, document.root);
  if (text === undefined) return content;
  const placeholder = `${isMember ? `${JSON.stringify(key)}:` : ''}"${PLACEHOLDER}"`;
  // A function, because a text may hold $, which `replace` would read as a pattern.
  const json = Buffer.from(text.replace(placeholder, () => replacement(change)));
  if (!name.endsWith('.safetensors')) return json;
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([prefix, json, content.subarray(dataStart(content))]);
}

function replacement(change: JsonChange): string {
  switch (change.kind) {
    case 'nest':
      return `${'['.repeat(change.times)}${']'.repeat(change.times)}`;
    case 'long':
      return JSON.stringify('x'.repeat(change.times));
    case 'delete':
      return '';
    default:
      return change.text;
  }
}
