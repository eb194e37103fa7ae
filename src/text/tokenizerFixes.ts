// Rewrites a tokenizer.json so that @huggingface/tokenizers gives the ids of the Rust tokenizers library, or refuses it.
// Where the two differ was measured with version 0.2.0 against 0.23.3; see test/fixtures/tokenizers/make_odd.py.

import { UserError } from '../errors.js';

export interface TokenizerJson {
  readonly [key: string]: unknown;
}

/** A normalizer, pre-tokenizer, model or post-processor: its `type` and that type's own settings. */
interface Component {
  readonly type?: unknown;
  readonly [key: string]: unknown;
}

/** GPT-2's pattern, which the Rust library's ByteLevel splits by. */
const GPT2_PATTERN = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;

/**
 * The same tokenizer in terms that the JavaScript library treats as the Rust library does.
 * `truncation` and `padding` are left out: they are not part of the tokenizer, the recipe's length decides.
 * Throws UserError naming the component that has no such terms.
 *
 * What stays: the two carry different Unicode tables. A letter that only one of them knows (with Node 20.20 those of
 * Unicode 17), or one too new for the Rust library's NFD, NFKC and NFKD, may be split or normalised differently.
 */
export function mendTokenizer(json: TokenizerJson): TokenizerJson {
  const { truncation: _truncation, padding: _padding, ...kept } = json;
  const addedTokens = (json.added_tokens ?? []) as readonly Component[];
  const model = json.model as Component;
  const preTokenizer = mend(json.pre_tokenizer, mendPreTokenizer);
  checkAddedTokens(addedTokens);
  checkModel(model, preTokenizer);
  checkPostProcessor(json.post_processor, idsByToken(model, addedTokens));
  return {
    ...kept,
    // the JavaScript library wants these keys, the Rust library takes a file without them
    decoder: json.decoder ?? null,
    post_processor: json.post_processor ?? null,
    added_tokens: addedTokens,
    normalizer: mend(json.normalizer, mendNormalizer),
    pre_tokenizer:
      model.unk_token || model.byte_fallback ? preTokenizer : dropUnknownBytes(preTokenizer, model),
  };
}

function mend(component: unknown, rule: (component: Component) => Component): Component | null {
  return component ? rule(component as Component) : null;
}

function mendNormalizer(normalizer: Component): Component {
  switch (normalizer.type) {
    case 'Sequence':
      return { ...normalizer, normalizers: (normalizer.normalizers as Component[]).map(mendNormalizer) };
    case 'Replace':
      // String.replaceAll gives `$&`, `$1` and `$$` in the replacement a meaning of their own
      return { ...normalizer, content: String(normalizer.content).replaceAll('$', '$$$$') };
    case 'Lowercase':
      // JavaScript lowers a Σ that ends a word to ς, Rust lowers character by character: always to σ
      return {
        type: 'Sequence',
        normalizers: [{ type: 'Replace', pattern: { String: 'Σ' }, content: 'σ' }, normalizer],
      };
    case 'Prepend':
    case 'NFC':
    case 'NFD':
    case 'NFKC':
    case 'NFKD':
      return normalizer;
    default:
      throw unsupported('normalizer', normalizer.type);
  }
}

function mendPreTokenizer(preTokenizer: Component): Component {
  switch (preTokenizer.type) {
    case 'Sequence':
      return sequence((preTokenizer.pretokenizers as Component[]).map(mendPreTokenizer));
    case 'Digits':
      // Rust's char::is_numeric is \p{N}: ½, ² and ١ count; here a digit would be [0-9]
      return isolate(preTokenizer.individual_digits ? '\\p{N}' : '\\p{N}+');
    case 'ByteLevel':
      return mendByteLevel(preTokenizer);
    case 'Split':
      return mendSplit(preTokenizer);
    case 'Metaspace': {
      // the library never splits here; Rust does unless told not to, each ▁ staying with what follows it
      if (preTokenizer.split === false) return preTokenizer;
      const mark = escapeRegex(String(preTokenizer.replacement ?? '▁'));
      return sequence([preTokenizer, isolate(`${mark}[^${mark}]*`)]);
    }
    default:
      throw unsupported('pre_tokenizer', preTokenizer.type);
  }
}

/** Its own regex takes JavaScript's \s, which has U+FEFF and lacks U+0085. In a Split, \s is rewritten to \p{White_Space}. */
function mendByteLevel(byteLevel: Component): Component {
  if (byteLevel.use_regex === false) return byteLevel;
  const bytes = { ...byteLevel, add_prefix_space: false, use_regex: false };
  // the space goes in before the split. Replace is a pre-tokenizer of this library alone, `$&` what it matched
  const space = { type: 'Replace', pattern: { Regex: '\\A[^ ]' }, content: ' $&' };
  return sequence([...(byteLevel.add_prefix_space ? [space] : []), isolate(GPT2_PATTERN), bytes]);
}

/**
 * A byte that the vocabulary lacks, where no unknown token stands in for it (SmolLM2 has no U+001D): Rust drops it
 * before it merges, so that its neighbours may merge; the library after, when they no longer can.
 */
function dropUnknownBytes(preTokenizer: Component | null, { vocab }: Component): Component {
  if (preTokenizer === null || stages(preTokenizer).at(-1)?.type !== 'ByteLevel') {
    throw unsupported('model', 'BPE with neither unk_token, byte_fallback nor a ByteLevel pre_tokenizer');
  }
  const unknown = byteLevelAlphabet().filter(character => !Object.hasOwn(vocab as object, character));
  if (unknown.length === 0) return preTokenizer;
  const drop = { type: 'Replace', pattern: { Regex: `[${unknown.map(escapeRegex).join('')}]` }, content: '' };
  return sequence([preTokenizer, drop]);
}

/** The 256 characters that ByteLevel writes bytes as: printable Latin-1 as itself, the other bytes from U+0100 on. */
function byteLevelAlphabet(): string[] {
  const isPrintable = (byte: number) => /[!-~\u00a1-\u00ac\u00ae-\u00ff]/.test(String.fromCharCode(byte));
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : next++));
}

/** Of Rust's five behaviours the library knows Isolated, and Removed with `invert`: the others are written as one of them. */
function mendSplit(split: Component): Component {
  const { Regex: regex, String: string } = split.pattern as { Regex?: string; String?: string };
  const match = regex === undefined ? escapeRegex(string ?? '') : foldLikeOniguruma(regex);
  const rest = `(?:(?!${match})[\\s\\S])*`;
  const isInverted = split.invert === true;
  switch (`${split.behavior}${isInverted ? ' inverted' : ''}`) {
    case 'Isolated':
    case 'Isolated inverted':
      return isolate(match);
    case 'Contiguous':
    case 'Contiguous inverted':
      return isolate(`(?:${match})+`);
    case 'MergedWithPrevious':
      return isolate(`${rest}(?:${match}|\\z)`);
    case 'MergedWithNext':
      return isolate(`(?:${match})${rest}`);
    case 'Removed':
    case 'Removed inverted':
      return { type: 'Split', pattern: { Regex: match }, behavior: 'Removed', invert: isInverted };
    default:
      throw unsupported('pre_tokenizer', `Split (${split.behavior}${isInverted ? ', inverted' : ''})`);
  }
}

/** In `(?i:…)` Oniguruma folds all of Unicode, the library ASCII alone: ſ (U+017F) is an s, K (U+212A) a k. */
function foldLikeOniguruma(regex: string): string {
  return regex.replace(/\(\?i:([^()\\]*)\)/g, (_, body: string) => {
    const folded = body.replace(/\[[^\]]*\]|[sk]/gi, atom => {
      const letters = atom.replace(/s/gi, 's\u017f').replace(/k/gi, 'k\u212a');
      return atom.startsWith('[') ? letters : `[${letters}]`;
    });
    return `(?i:${folded})`;
  });
}

function checkModel(model: Component, preTokenizer: Component | null): void {
  if (model.type !== 'BPE') throw unsupported('model', model.type, 'BPE');
  for (const affix of ['continuing_subword_prefix', 'end_of_word_suffix']) {
    if (model[affix]) throw unsupported('model', `BPE with ${affix}`);
  }
  const vocab = model.vocab as Readonly<Record<string, number>>;
  const lacksByte = Array.from({ length: 256 }, (_, byte) => byteToken(byte)).some(
    token => !(token in vocab),
  );
  if (model.byte_fallback && lacksByte)
    throw unsupported('model', 'BPE with byte_fallback but not every byte');
  // unknown characters on both sides of a split would be fused into one token
  const splits =
    preTokenizer !== null && !(preTokenizer.type === 'Metaspace' && preTokenizer.split === false);
  if (model.fuse_unk && model.unk_token && !model.byte_fallback && splits) {
    throw unsupported('model', 'BPE with fuse_unk behind a pre_tokenizer');
  }
}

/** `<0x0A>`: a byte of a character that the vocabulary lacks. */
function byteToken(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
}

/** The library matches an added token's plain text only; its lstrip and rstrip differ on U+FEFF and U+0085. */
function checkAddedTokens(tokens: readonly Component[]): void {
  for (const token of tokens) {
    for (const setting of ['single_word', 'lstrip', 'rstrip']) {
      if (token[setting]) throw unsupported('added_tokens', `${token.content} with ${setting}`);
    }
  }
}

/** The library looks a special token's id up by its name, the Rust library takes the ids written beside it. */
function checkPostProcessor(postProcessor: unknown, ids: ReadonlyMap<string, number>): void {
  if (!postProcessor) return;
  const processor = postProcessor as Component;
  const check = (token: string, written: readonly number[]) => {
    if (written.length !== 1 || written[0] !== ids.get(token)) {
      throw unsupported('post_processor', `${token} as ids ${written.join(' ')}`, `its id ${ids.get(token)}`);
    }
  };
  switch (processor.type) {
    case 'Sequence':
      for (const part of processor.processors as Component[]) checkPostProcessor(part, ids);
      return;
    case 'TemplateProcessing':
      for (const [token, special] of Object.entries(
        processor.special_tokens as Record<string, { ids: number[] }>,
      )) {
        check(token, special.ids);
      }
      return;
    case 'RobertaProcessing':
    case 'BertProcessing':
      for (const [token, id] of [processor.cls, processor.sep] as [string, number][]) check(token, [id]);
      return;
    case 'ByteLevel':
      return;
    default:
      throw unsupported('post_processor', processor.type);
  }
}

function idsByToken(model: Component, addedTokens: readonly Component[]): Map<string, number> {
  const ids = new Map(Object.entries((model.vocab ?? {}) as Record<string, number>));
  for (const { content, id } of addedTokens) ids.set(content as string, id as number);
  return ids;
}

function sequence(parts: readonly Component[]): Component {
  return { type: 'Sequence', pretokenizers: parts.flatMap(stages) };
}

/** A pre-tokenizer's steps, in order. */
function stages(preTokenizer: Component | null): readonly Component[] {
  if (preTokenizer === null) return [];
  return preTokenizer.type === 'Sequence' ? (preTokenizer.pretokenizers as Component[]) : [preTokenizer];
}

/** Every match of the regex is a piece, and so is what lies between two. */
function isolate(regex: string): Component {
  return { type: 'Split', pattern: { Regex: regex }, behavior: 'Isolated', invert: false };
}

function escapeRegex(text: string): string {
  return text.replace(/[-.*+?^${}()|[\]\\&]/g, '\\$&');
}

function unsupported(
  component: string,
  found: unknown,
  expected = 'one that gives the same ids here',
): UserError {
  return new UserError(`tokenizer.json: ${component}: expected ${expected}, found ${found}`);
}
