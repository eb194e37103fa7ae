// The decoder of a tokenizer.json: tokens to the text that they spell. The decoders of @huggingface/tokenizers differ from
// those of the tokenizers library in bytes that are no UTF-8, in characters outside the byte-level alphabet, and in more
// than one mark before a text.
// Follows tokenizers/src/decoders and pre_tokenizers/{byte_level,metaspace}.rs of the tokenizers library 0.23.

import { bytesOf } from './byteLevel.js';
import { type Component, unsupported } from './json.js';
import { compilePattern } from './regex.js';

/** Gives the text that tokens spell. */
export type Decode = (tokens: readonly string[]) => string;

/** One step: changes a list of tokens. */
type Step = (tokens: readonly string[]) => readonly string[];

/** Compiles a decoder. Without one, tokens are joined by spaces, as in transformers. Throws UserError if it is unknown. */
export function compileDecoder(decoder: Component | null | undefined): Decode {
  if (!decoder) return tokens => tokens.join(' ');
  const decode = compileStep(decoder);
  return tokens => decode(tokens).join('');
}

function compileStep(decoder: Component): Step {
  switch (decoder.type) {
    case 'Sequence': {
      const steps = (decoder.decoders as Component[]).map(compileStep);
      return tokens => steps.reduce((decoded, step) => step(decoded), tokens);
    }
    case 'ByteLevel':
      return decodeByteLevel;
    case 'ByteFallback':
      return decodeByteFallback;
    case 'Fuse':
      return tokens => [tokens.join('')];
    case 'Replace':
      return compileReplace(decoder);
    case 'Strip':
      return compileStrip(decoder);
    case 'Metaspace':
      return compileMetaspace(decoder);
    default:
      throw unsupported('decoder', decoder.type);
  }
}

/** The bytes of all tokens as UTF-8. A token with a character outside of the byte-level alphabet stands for itself. */
function decodeByteLevel(tokens: readonly string[]): readonly string[] {
  return [Buffer.concat(tokens.map(token => bytesOf(token) ?? Buffer.from(token))).toString()];
}

/** Runs of tokens such as <0x0A> as UTF-8; each becomes U+FFFD where the run is no UTF-8. */
function decodeByteFallback(tokens: readonly string[]): readonly string[] {
  const decoded: string[] = [];
  let bytes: number[] = [];
  const endRun = () => {
    const text = Buffer.from(bytes).toString();
    const isValid = Buffer.from(text).equals(Buffer.from(bytes));
    if (isValid && bytes.length > 0) decoded.push(text);
    else for (const _ of bytes) decoded.push('\ufffd');
    bytes = [];
  };
  for (const token of tokens) {
    const [, hexadecimal] = /^<0x([0-9A-F]{2}|\+[0-9A-F])>$/i.exec(token) ?? [];
    if (hexadecimal !== undefined) bytes.push(Number.parseInt(hexadecimal, 16));
    else {
      endRun();
      decoded.push(token);
    }
  }
  endRun();
  return decoded;
}

function compileReplace({ pattern, content }: Component): Step {
  const { regex, view } = compilePattern('decoder', pattern);
  return tokens =>
    tokens.map(token => {
      let replaced = '';
      let end = 0;
      for (const match of view(token).matchAll(regex)) {
        replaced += token.slice(end, match.index) + content;
        end = match.index + match[0].length;
      }
      return replaced + token.slice(end);
    });
}

/** Removes up to `start` and `stop` times `content`, one character, from the ends of each token. */
function compileStrip({ content, start = 0, stop = 0 }: Component): Step {
  return tokens =>
    tokens.map(token => {
      const characters = [...token];
      let first = 0;
      let last = characters.length;
      while (first < Number(start) && characters[first] === content) first++;
      while (characters.length - last < Number(stop) && characters[last - 1] === content) last--;
      return characters.slice(first, last).join('');
    });
}

/** Marks are spaces. The first token has none, unless the pre-tokenizer inserts none. */
function compileMetaspace(decoder: Component): Step {
  const mark = String(decoder.replacement);
  const scheme = decoder.add_prefix_space === false ? 'never' : (decoder.prepend_scheme ?? 'always');
  return tokens => tokens.map((token, i) => token.replaceAll(mark, i === 0 && scheme !== 'never' ? '' : ' '));
}
