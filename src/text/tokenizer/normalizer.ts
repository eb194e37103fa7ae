// The normalizer of a tokenizer.json: changes a text before it is cut into pieces.

import { type Component, unsupported } from './json.js';
import { compilePattern } from './regex.js';
import { normalizeUnicode } from './unicode.js';

export type Normalize = (text: string) => string;

/** Far above that of any tokenizer. Steps that each make a text longer could otherwise fill the memory. */
const MAX_GROWTH = 100;

/** Compiles a normalizer. Throws UserError naming one that would not do the same here as in the tokenizers library. */
export function compileNormalizer(normalizer: Component | null | undefined): Normalize {
  if (!normalizer) return text => text;
  switch (normalizer.type) {
    case 'Sequence': {
      const steps = (normalizer.normalizers as Component[]).map(compileNormalizer);
      return text => steps.reduce((normalized, step) => expectGrowth(text, step(normalized)), text);
    }
    case 'Prepend':
      return text => (text === '' ? '' : `${normalizer.prepend}${text}`);
    case 'Replace':
      return compileReplace(normalizer);
    case 'Lowercase':
      // JavaScript lowers a Σ that ends a word to ς. Rust lowers character by character, always to σ.
      return text => text.replaceAll('Σ', 'σ').toLowerCase();
    case 'NFC':
    case 'NFD':
    case 'NFKC':
    case 'NFKD': {
      const form = normalizer.type;
      return text => normalizeUnicode(text, form);
    }
    default:
      throw unsupported('normalizer', normalizer.type);
  }
}

function compileReplace({ pattern, content }: Component): Normalize {
  const { regex, view } = compilePattern('normalizer', pattern);
  const { String: string } = pattern as { readonly String?: string };
  if (string) {
    // A dollar in a replacement would have a meaning of its own.
    const replacement = String(content).replaceAll('$', '$$$$');
    return text => text.replaceAll(string, replacement);
  }
  return text => {
    let replaced = '';
    let end = 0;
    for (const match of view(text).matchAll(regex)) {
      replaced += text.slice(end, match.index) + content;
      end = match.index + match[0].length;
    }
    return replaced + text.slice(end);
  };
}

/** Returns the normalized text. Throws UserError where it is far longer than the text before its first step. */
export function expectGrowth(text: string, normalized: string): string {
  if (normalized.length <= MAX_GROWTH * (text.length + 1)) return normalized;
  const expected = `steps that make a text at most ${MAX_GROWTH} times as long`;
  throw unsupported(
    'normalizer',
    `steps that make ${normalized.length} characters of ${text.length}`,
    expected,
  );
}
