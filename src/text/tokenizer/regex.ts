// A pattern of a tokenizer.json, which is written for Oniguruma, as a JavaScript regular expression.

import { SplitPreTokenizer } from '@huggingface/tokenizers';
import { BoundedRegExp } from '../../boundedRegExp.js';
import { UserError } from '../../errors.js';
import { unsupported } from './json.js';
import { asUnicode16 } from './unicode.js';

// The package's own declaration of this class does not resolve under Node's rules.
declare module '@huggingface/tokenizers' {
  class SplitPreTokenizer {
    readonly pattern: RegExp;
    constructor(config: { readonly pattern: { readonly Regex: string } });
  }
}

export interface Pattern {
  readonly regex: RegExp;
  /**
   * Gives the text to match instead of the original, of the same length: the characters of newer Unicode versions are
   * replaced, so that they have the categories that Oniguruma gives them.
   */
  readonly view: (text: string) => string;
}

/**
 * Compiles a `pattern`, `{ Regex }` or `{ String }`. Throws UserError if JavaScript cannot match the same.
 * @param owner the component that has the pattern, for the error
 */
export function compilePattern(owner: string, pattern: unknown): Pattern {
  const { Regex: regex, String: string } = (pattern ?? {}) as { Regex?: string; String?: string };
  if (string !== undefined) return literal(owner, string);
  if (regex === undefined) throw unsupported(owner, JSON.stringify(pattern), 'a Regex or a String');
  const translated = translate(owner, regex);
  if (''.match(translated)) throw unsupported(owner, `the Regex ${regex}, which matches an empty string`);
  return { regex: translated, view: asUnicode16 };
}

/** In UTF-16 units; the patterns of known tokenizers have some hundreds. */
const MAX_LENGTH = 10_000;

function translate(owner: string, regex: string): RegExp {
  if (regex.length > MAX_LENGTH) throw unsupported(owner, `a Regex of ${regex.length} characters`);
  const Regex = translatePossessives(owner, foldCase(owner, regex));
  try {
    const { source, flags } = new SplitPreTokenizer({ pattern: { Regex } }).pattern;
    return compiled(owner, source, flags);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw unsupported(owner, `the Regex ${regex}`, 'a Regex that JavaScript can read');
  }
}

/** The pattern that matches one string and nothing else. */
export function literal(owner: string, string: string): Pattern {
  return { regex: compiled(owner, escapeRegex(string), 'gu'), view: text => text };
}

/**
 * The regular expression, which can be searched for in any text. Throws UserError if JavaScript cannot read it.
 * @param owner the component that has it, for the error
 */
export function compiled(owner: string, source: string, flags: string): RegExp {
  try {
    const regex = new (repeatsVaryingGroup(source) ? BoundedRegExp : RegExp)(source, flags);
    // V8 compiles an expression at its first search, once for texts of Latin-1 and once for others, and again at its
    // second, to machine code. Each time it may find it too large.
    for (const text of ['', '', '\u0100', '\u0100']) text.search(regex);
    return regex;
  } catch {
    throw unsupported(owner, `the Regex ${source}`, 'a Regex that JavaScript can read');
  }
}

/** A group that holds no other group: what it holds, and the first character of the quantifier behind it. */
const GROUP = /\((?:\?(?:[:=!]|<[^>]*>|i:))?([^()]*)\)([*+{]?)/;

/**
 * Whether the expression repeats a group that holds a quantifier or alternatives, as (a+)+ and (a|aa)* do. Such a group
 * may match a text in many ways, and trying all of them takes time that doubles with each character.
 */
function repeatsVaryingGroup(source: string): boolean {
  // Escapes and classes match one character each. Then each innermost group becomes one such character, which has a
  // quantifier if the group varies, until a repeated group that varies is found or no group is left.
  let rest = source.replace(/\\[pP]\{[^}]*\}|\\.|\[(?:\\.|[^\\\]])*\]/gsu, 'x');
  for (let group = GROUP.exec(rest); group; group = GROUP.exec(rest)) {
    const varies = /[*+?|]|\{\d*,/.test(group[1]!);
    if (varies && group[2] !== '') return true;
    rest = rest.replace(GROUP, () => `${varies ? 'x*' : 'x'}${group[2]}`);
  }
  return false;
}

/** The source of a regular expression that matches the text literally. */
export function escapeRegex(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

/**
 * Within `(?i:…)` Oniguruma folds the case of all of Unicode, @huggingface/tokenizers only that of ASCII. The letters
 * outside ASCII that fold to an ASCII letter are written out: ſ (U+017F) is an s, K (U+212A) is a k.
 */
function foldCase(owner: string, regex: string): string {
  return regex.replace(/\(\?i:([^()]*)(.)/g, (group, body: string, end: string) => {
    // ß, ﬆ and ﬁ would match two letters.
    const isSimple = /^[\0-\x7f]*$/.test(body) && !/\\|ss|st|f[fil]/i.test(body.replace(/\[.*?\]/g, ''));
    if (end !== ')' || !isSimple) throw unsupported(owner, `a Regex with ${group}`);
    const folded = body.replace(/\[[^\]]*\]|[sk]/gi, atom => {
      const letters = atom.replace(/s/gi, 's\u017f').replace(/k/gi, 'k\u212a');
      return atom.startsWith('[') ? letters : `[${letters}]`;
    });
    return `(?i:${folded})`;
  });
}

/** A class, an escape or a character, and the possessive quantifier behind it if there is one. */
const ATOM = /(\[(?:\\.|[^\\\]])*\]|\\[pP]\{[^}]*\}|\\.|[\s\S])(?:([?*+])\+)?/gu;

/**
 * Rewrites the possessive quantifiers `x?+`, `x*+` and `x++`, which JavaScript lacks and which give nothing back once
 * they have matched. Neither does a lookahead, so the atom is captured in one and the capture is matched after it.
 */
function translatePossessives(owner: string, regex: string): string {
  if (regex.includes('(?>')) throw unsupported(owner, 'a Regex with (?>');
  let captures = 0;
  return regex.replace(ATOM, (matched: string, atom: string, quantifier: string | undefined) => {
    if (quantifier === undefined) return matched;
    if (/^[)?*+}]$/.test(atom)) throw unsupported(owner, `a Regex with ${matched}`);
    const name = `possessive${captures++}`;
    return `(?=(?<${name}>${atom}${quantifier}))\\k<${name}>`;
  });
}
