// Draws damage for a file: fields of its JSON and numbers of its header get odd values, bytes change, and the file is cut.

import { type Change, type JsonPath, jsonOf } from './damage.js';
import { ggufFields } from './ggufFields.js';
import type { Random } from './random.js';

/** One to three changes for the file `name`. `others` are files that may take its place, relative to test/fixtures. */
export function drawChanges(
  random: Random,
  name: string,
  content: Buffer,
  others: readonly string[],
): Change[] {
  const count = random.pick([1, 1, 1, 2, 3]);
  return Array.from({ length: count }, () => drawChange(random, name, content, others));
}

function drawChange(random: Random, name: string, content: Buffer, others: readonly string[]): Change {
  if (random.chance(1)) return { kind: 'replace', file: random.pick(others) };
  const document = jsonOf(name, content);
  if (document !== undefined && random.chance(75)) return drawJsonChange(random, document);
  if (name.endsWith('.gguf') && random.chance(60)) return drawGgufChange(random, content);
  if (name.endsWith('.safetensors') && random.chance(50))
    return writeNumber(random, content, { at: 0, bytes: 8 });
  return drawByteChange(random, content);
}

/** Damage is drawn mostly for the first bytes of a file, where its header is. */
const HEADER_BYTES = 5000;

function drawByteChange(random: Random, content: Buffer): Change {
  const at = random.below(
    random.chance(80) ? Math.min(HEADER_BYTES, content.length + 1) : content.length + 1,
  );
  const hex = Buffer.from(
    Array.from({ length: random.pick([1, 1, 1, 4, 8]) }, () => random.below(256)),
  ).toString('hex');
  switch (random.below(10)) {
    case 0:
      return { kind: 'cut', at: random.below(content.length + 1) };
    case 1:
      return { kind: 'insert', at, hex };
    case 2:
      return { kind: 'remove', at, count: 1 + random.below(16) };
    default:
      return { kind: 'write', at, hex };
  }
}

function drawGgufChange(random: Random, content: Buffer): Change {
  const field = random.pick(ggufFields(content));
  return random.chance(10) ? { kind: 'cut', at: field.at } : writeNumber(random, content, field);
}

/** Numbers around the limits of their types, and of what a number of JavaScript holds exactly. */
const ODD_NUMBERS = [
  0n,
  1n,
  2n,
  3n,
  31n,
  32n,
  255n,
  256n,
  ...[8n, 16n, 24n, 31n, 32n, 40n, 52n, 53n, 62n, 63n, 64n].flatMap(bits => [
    2n ** bits - 1n,
    2n ** bits,
    2n ** bits + 1n,
  ]),
];

function writeNumber(random: Random, content: Buffer, { at, bytes }: { at: number; bytes: number }): Change {
  if (bytes === 0 || at + bytes > content.length) return { kind: 'cut', at };
  const old = BigInt(
    `0x${Buffer.from(content.subarray(at, at + bytes))
      .reverse()
      .toString('hex')}`,
  );
  const value = random.pick([
    ...ODD_NUMBERS,
    old - 1n,
    old + 1n,
    old * 2n,
    old / 2n,
    BigInt(random.below(1000)),
  ]);
  const written = BigInt.asUintN(8 * bytes, value)
    .toString(16)
    .padStart(2 * bytes, '0');
  return { kind: 'write', at, hex: Buffer.from(written, 'hex').reverse().toString('hex') };
}

/** Texts that take the place of a JSON value. The last ones are no valid JSON. */
const ODD_VALUES = [
  'null true false 0 -1 1 2 3 7 0.5 -0.0 1e-320 1e9 2147483647 2147483648 4294967296 9007199254740993 1e30 1e308 1e400 -1e400',
  '"" "x" " " "llama" "gemma2" "phi3" "qwen2" "yarn" "F32" "BF16" "I64" "q_proj" "all" "auto" "int8" "BPE" "Unigram" "WordPiece"',
  '[] {} [[]] [0] [1,2] [null] ["score"] ["a","a"] {"a":1} {"type":"Sequence"} {"String":""} {"Regex":"("} {"content":"x"}',
  '"__proto__" "constructor" "toString" "hasOwnProperty" {"__proto__":{"type":"BPE"}} {"__proto__":null} {"constructor":{}}',
  '"\\u0000" "\\ud800" "\\u202e" "\\u001b[2J" "." ".*" "(" "[" "\\\\" "(a+)+$" "(.*)*x" "../.." "/" "%s" "$&"',
  '"(x+x+)+y" {"Regex":"(a+)+$"} {"Regex":"(.|a)*!"} {"String":"a"} {"(.*)*x":1}',
  '[',
  '{"a"',
  '1.',
  "'x'",
  'nan',
  '"\u0001"',
].flatMap(line => line.split(' '));

const ODD_KEYS = [
  '"__proto__"',
  '"constructor"',
  '"toString"',
  '""',
  '"x"',
  '"type"',
  '"0"',
  '"\\u0000"',
  '"lora_A.weight"',
];

function drawJsonChange(random: Random, document: unknown): Change {
  const path = drawPlace(random, document);
  const value = valueAt(document, path);
  const key = JSON.stringify(path.at(-1));
  if (typeof value === 'number' && random.chance(20)) {
    const near = [-value, value + 1, value - 1, value * 2, value / 2, value * 1e6];
    return { kind: 'value', path, text: String(random.pick(near)) };
  }
  switch (random.below(20)) {
    case 0:
    case 1:
      return { kind: 'delete', path };
    case 2:
      return { kind: 'member', path, text: `${random.pick(ODD_KEYS)}:${JSON.stringify(value)}` };
    case 3:
      return {
        kind: 'member',
        path,
        text: `${key}:${JSON.stringify(value)},${key}:${random.pick(ODD_VALUES)}`,
      };
    case 4:
      return { kind: 'nest', path, times: random.pick([2, 20, 150, 5000, 100_000]) };
    case 5:
      return { kind: 'long', path, times: random.pick([300, 5000, 1_000_000]) };
    case 6:
    case 7:
    case 8:
      // The value of another place, which often has the right type.
      return { kind: 'value', path, text: shortened(valueAt(document, drawPlace(random, document))) };
    default:
      return { kind: 'value', path, text: random.pick(ODD_VALUES) };
  }
}

function shortened(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length < 2000 ? text : '[]';
}

function valueAt(document: unknown, path: JsonPath): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], document);
}

/** A place in a document. A list or object with many members, such as a vocabulary, is as likely as a single value. */
function drawPlace(random: Random, document: unknown): JsonPath {
  const path: (string | number)[] = [];
  for (let value = document; typeof value === 'object' && value !== null; ) {
    const keys = Object.keys(value);
    if (keys.length === 0 || (path.length > 0 && random.chance(25))) break;
    const key = random.pick(random.chance(50) ? keys.slice(0, 40) : keys);
    path.push(Array.isArray(value) ? Number(key) : key);
    value = (value as Record<string, unknown>)[key];
  }
  return path;
}
