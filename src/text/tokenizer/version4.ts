// The tokenizer that transformers 4 makes of a folder. It takes the components of tokenizer.json as they are written. Some
// of its classes then write the post-processor anew, and LlamaTokenizerFast may convert tokenizer.model once more.
// Follows PreTrainedTokenizerFast and models/*/tokenization_*_fast.py of transformers 4.57.

import { UserError } from '../../errors.js';
import { type Config, GPT2, LLAMA, QWEN2 } from './classes.js';
import { marksToSpaces } from './components.js';
import type { AddedToken, Component, TokenizerJson } from './json.js';
import { type ResolvedTokenizer, type TokenizerSources, unknownTokenOf } from './resolveAddedTokens.js';
import { templateAround } from './template.js';
import { type SpecialTokenDefaults, version4AddedTokens } from './version4AddedTokens.js';

interface Version4Class extends SpecialTokenDefaults {
  /** Whether the class writes the post-processor from add_bos_token, which is on by default, and add_eos_token. */
  readonly writesPostProcessor?: boolean;
  /** Whether an add_prefix_space of true holds for the parts of a pre-tokenizer that is a sequence as well. */
  readonly prefixesParts?: boolean;
  /** Whether the class converts tokenizer.model anew where add_prefix_space is set. */
  readonly converts?: boolean;
}

const PLAIN: Version4Class = { specialTokens: {} };
const LLAMA_FAST: Version4Class = {
  specialTokens: LLAMA.specialTokens,
  writesPostProcessor: true,
  converts: true,
};
const GEMMA_FAST: Version4Class = {
  specialTokens: { bos_token: '<bos>', eos_token: '<eos>', unk_token: '<unk>', pad_token: '<pad>' },
  writesPostProcessor: true,
};
const { pad_token: _, ...specialTokensOfGpt2 } = GPT2.specialTokens;
const GPT2_FAST: Version4Class = { specialTokens: specialTokensOfGpt2 };
const COHERE_FAST: Version4Class = {
  specialTokens: { bos_token: '<BOS_TOKEN>', eos_token: '<|END_OF_TURN_TOKEN|>', unk_token: '<UNK>' },
  writesPostProcessor: true,
  prefixesParts: true,
};
const QWEN2_FAST: Version4Class = { specialTokens: QWEN2.specialTokens, dropsFlags: true };

/** By the name in tokenizer_config.json, without the suffix `Fast`. Version 4 does not know TokenizersBackend. */
const CLASS_BY_NAME = new Map([
  ['PreTrainedTokenizer', PLAIN],
  ['TokenizersBackend', PLAIN],
  ['LlamaTokenizer', LLAMA_FAST],
  ['GemmaTokenizer', GEMMA_FAST],
  ['GPT2Tokenizer', GPT2_FAST],
  ['Qwen2Tokenizer', QWEN2_FAST],
  ['CohereTokenizer', COHERE_FAST],
]);

/** The class for a model_type where no file names a class. */
const CLASS_BY_MODEL_TYPE = new Map<unknown, Version4Class>([
  [undefined, PLAIN],
  ...['llama', 'mistral', 'mixtral', 'phi3'].map(type => [type, LLAMA_FAST] as const),
  ...['gemma', 'gemma2', 'gemma3', 'gemma3_text'].map(type => [type, GEMMA_FAST] as const),
  ...['qwen2', 'qwen2_moe', 'qwen3', 'qwen3_moe'].map(type => [type, QWEN2_FAST] as const),
  ...['cohere', 'cohere2'].map(type => [type, COHERE_FAST] as const),
  ...['gpt2', 'gptj', 'starcoder2'].map(type => [type, GPT2_FAST] as const),
]);

/** Throws UserError if the folder's class is not among those whose behaviour in version 4 is known. */
export function version4Tokenizer(sources: TokenizerSources, modelConfig: Config): ResolvedTokenizer {
  const selected = selectClass(sources.config, modelConfig);
  const { json, config } = sources;
  const isConverted = selected.converts && (config.add_prefix_space ?? null) !== null;
  const added_tokens = version4AddedTokens(sources, selected);
  const resolved = {
    ...json,
    ...(isConverted ? convertedComponents(config) : withPrefixSpace(json, config, selected)),
    ...(selected.writesPostProcessor && {
      post_processor: postProcessorOf({ ...selected.specialTokens, ...config }, json, added_tokens),
    }),
    added_tokens,
  };
  return { json: resolved, unknownToken: unknownTokenOf(sources, selected) };
}

function selectClass(config: Config, modelConfig: Config): Version4Class {
  const name = (config.tokenizer_class || modelConfig.tokenizer_class || undefined) as string | undefined;
  const selected =
    name === undefined
      ? CLASS_BY_MODEL_TYPE.get(modelConfig.model_type)
      : CLASS_BY_NAME.get(name.replace(/Fast$/, ''));
  if (selected) return selected;
  throw new UserError(
    `tokenizer as written: expected a tokenizer_class of ${[...CLASS_BY_NAME.keys()].join(', ')}, ` +
      `found ${name ?? `none for the model_type ${modelConfig.model_type}`}: give --no-tokenizer-as-written`,
  );
}

/** The components that the conversion of a tokenizer.model writes. `legacy` is on by default. */
function convertedComponents({ add_prefix_space, legacy }: Config): Partial<TokenizerJson> {
  const decoder = marksToSpaces(add_prefix_space === true);
  if (legacy ?? true) {
    const replace = { type: 'Replace', pattern: { String: ' ' }, content: '▁' };
    const prepend = add_prefix_space ? [{ type: 'Prepend', prepend: '▁' }] : [];
    return {
      normalizer: { type: 'Sequence', normalizers: [...prepend, replace] },
      pre_tokenizer: null,
      decoder,
    };
  }
  const prepend_scheme = add_prefix_space ? 'first' : 'never';
  return {
    normalizer: null,
    pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme, split: false },
    decoder,
  };
}

/** A pre-tokenizer that is a single ByteLevel takes add_prefix_space from the config, unless that is null. */
function withPrefixSpace(
  { pre_tokenizer }: TokenizerJson,
  config: Config,
  { prefixesParts }: Version4Class,
): Partial<TokenizerJson> {
  const { add_prefix_space = false } = config;
  if (prefixesParts && add_prefix_space && pre_tokenizer?.type === 'Sequence') {
    const parts = (pre_tokenizer.pretokenizers as Component[]).map(part =>
      part.type === 'ByteLevel' ? { ...part, add_prefix_space } : part,
    );
    return { pre_tokenizer: { ...pre_tokenizer, pretokenizers: parts } };
  }
  if (pre_tokenizer?.type !== 'ByteLevel' || add_prefix_space === null) return {};
  return { pre_tokenizer: { ...pre_tokenizer, add_prefix_space } };
}

/** bos_token before a text and eos_token after it, as far as the settings add them. */
function postProcessorOf(
  settings: Config,
  { model }: TokenizerJson,
  addedTokens: readonly AddedToken[],
): Component {
  const { add_bos_token = true, add_eos_token = false } = settings;
  const idOf = (content: string) =>
    addedTokens.find(added => added.content === content)?.id ??
    (model.vocab as Readonly<Record<string, number>>)[content];
  const token = (isAdded: unknown, value: unknown) => {
    if (!isAdded || !value) return [];
    const content = contentOf(value);
    return [{ content, id: idOf(content) }];
  };
  return templateAround(token(add_bos_token, settings.bos_token), token(add_eos_token, settings.eos_token));
}

function contentOf(token: unknown): string {
  return typeof token === 'string' ? token : String((token as Component).content);
}
