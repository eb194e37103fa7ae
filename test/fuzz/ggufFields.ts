// Where the numbers of a GGUF file's header lie, so that damage can aim at them. Written from the format's description
// alone, and independent of the reader that is tested: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.

export interface GgufField {
  readonly at: number;
  readonly bytes: number;
}

const STRING = 8;
const ARRAY = 9;
const SIZES = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8];

/** The numbers of the header of an undamaged file, in order; of a long list only the first few elements. */
export function ggufFields(file: Buffer): GgufField[] {
  const fields: GgufField[] = [];
  let at = 4;
  const number = (bytes: number) => {
    fields.push({ at, bytes });
    const value = bytes === 8 ? Number(file.readBigUInt64LE(at)) : file.readUIntLE(at, Math.min(bytes, 6));
    at += bytes;
    return value;
  };
  const string = () => {
    const length = number(8);
    at += length;
  };
  number(4);
  const tensors = number(8);
  const pairs = number(8);
  for (let i = 0; i < pairs; i++) {
    string();
    const type = number(4);
    if (type === STRING) string();
    else if (type === ARRAY) {
      const element = number(4);
      const count = number(8);
      for (let j = 0; j < count; j++) {
        const kept = fields.length;
        if (element === STRING) string();
        else number(SIZES[element]!);
        if (j >= 3) fields.length = kept;
      }
    } else number(SIZES[type]!);
  }
  for (let i = 0; i < tensors; i++) {
    string();
    for (let dimensions = number(4); dimensions > 0; dimensions--) number(8);
    number(4);
    number(8);
  }
  fields.push({ at, bytes: 0 });
  return fields;
}
