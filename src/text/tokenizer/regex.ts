// A pattern of a tokenizer.json, which Oniguruma matches, as a JavaScript regular expression.

import { SplitPreTokenizer } from '@huggingface/tokenizers';
import { unsupported } from './json.js';
import { asUnicode16 } from './unicode.js';

// The package's own declaration of it does not resolve under Node's rules.
declare module '@huggingface/tokenizers' {
  class SplitPreTokenizer {
    readonly pattern: RegExp;
    constructor(config: { readonly pattern: { readonly Regex: string } });
  }
}

export interface Pattern {
  readonly regex: RegExp;
  /** The text to match on, of the same length: its characters have the categories that the pattern's matcher knows. */
  readonly view: (text: string) => string;
}

/** Compiles a `pattern`, `{ Regex }` or `{ String }`. Throws UserError where JavaScript has no equal. */
export function compilePattern(owner: string, pattern: unknown): Pattern {
  const { Regex: regex, String: string } = (pattern ?? {}) as { Regex?: string; String?: string };
  if (string !== undefined) return literal(string);
  if (regex === undefined) throw unsupported(owner, JSON.stringify(pattern), 'a Regex or a String');
  const translator = new SplitPreTokenizer({
    pattern: { Regex: translateAtoms(owner, foldCase(owner, regex)) },
  });
  if (''.match(translator.pattern)) throw unsupported(owner, `the Regex ${regex}, which can match nothing`);
  return { regex: translator.pattern, view: asUnicode16 };
}

/** The pattern that matches a string and nothing else. */
export function literal(string: string): Pattern {
  return { regex: new RegExp(escapeRegex(string), 'gu'), view: text => text };
}

/** The text as a regular expression's source. */
export function escapeRegex(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

/** In `(?i:…)` Oniguruma folds all of Unicode, the library ASCII alone: ſ (U+017F) is an s, K (U+212A) a k. */
function foldCase(owner: string, regex: string): string {
  return regex.replace(/\(\?i:([^()]*)(.)/g, (group, body: string, end: string) => {
    // ß, ﬆ and ﬁ would match two letters
    const isPlain = /^[\0-\x7f]*$/.test(body) && !/\\|ss|st|f[fil]/i.test(body.replace(/\[.*?\]/g, ''));
    if (end !== ')' || !isPlain) throw unsupported(owner, `a Regex with ${group}`);
    const folded = body.replace(/\[[^\]]*\]|[sk]/gi, atom => {
      const letters = atom.replace(/s/gi, 's\u017f').replace(/k/gi, 'k\u212a');
      return atom.startsWith('[') ? letters : `[${letters}]`;
    });
    return `(?i:${folded})`;
  });
}

/** A class, escape or character, and the possessive quantifier behind it if there is one. */
const ATOM = /(\[(?:\\.|[^\\\]])*\]|\\[pP]\{[^}]*\}|\\.|[\s\S])(?:([?*+])\+)?/gu;

/** `x?+`, `x*+` and `x++` give nothing back once matched; nor does a lookahead, whose capture is matched behind it. */
function translateAtoms(owner: string, regex: string): string {
  if (regex.includes('(?>')) throw unsupported(owner, 'a Regex with (?>');
  let captures = 0;
  return regex.replace(ATOM, (matched: string, atom: string, quantifier: string | undefined) => {
    if (quantifier === undefined) return matched;
    if (/^[)?*+}]$/.test(atom)) throw unsupported(owner, `a Regex with ${matched}`);
    const name = `possessive${captures++}`;
    return `(?=(?<${name}>${atom}${quantifier}))\\k<${name}>`;
  });
}
