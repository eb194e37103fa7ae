// The tokenizer of a tagger that is to be trained, whose words are encoded one by one.

import { Tokenizer, type TokenizerDefinition } from './tokenizer.js';

/**
 * A tokenizer that gives a word on its own the tokens that it has in the middle of a text. Vocabularies such as those of
 * LLaMA 3 and SmolLM2 have one token for "word" and another for " word", and most words of a text are behind a space. Where
 * a tokenizer leaves that space out, it gets a normalizer that puts it before each word. transformers has add_prefix_space
 * for this, without which GPT-2's tokenizer refuses lists of words.
 */
export function withSpacedWords(definition: TokenizerDefinition): TokenizerDefinition {
  if (readsWordsAsInTexts(definition)) return definition;
  const { json } = definition;
  const prepend = { type: 'Prepend', prepend: ' ' };
  const normalizer = json.normalizer
    ? { type: 'Sequence', normalizers: [prepend, json.normalizer] }
    : prepend;
  const spaced = { ...definition, json: { ...json, normalizer } };
  return readsWordsAsInTexts(spaced) ? spaced : definition;
}

function readsWordsAsInTexts(definition: TokenizerDefinition): boolean {
  const tokenizer = new Tokenizer(definition);
  const words = ['word', 'word'];
  const { ids } = tokenizer.tokenize(words.join(' '), { addSpecialTokens: false });
  return ids.join() === tokenizer.encodeWords(words).flat().join();
}
