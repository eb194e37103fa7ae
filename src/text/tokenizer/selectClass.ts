// Selects the tokenizer class of a folder, as AutoTokenizer does.
// Follows models/auto/tokenization_auto.py of transformers 5.23.

import { UserError } from '../../errors.js';
import {
  AS_WRITTEN,
  COHERE,
  type Config,
  GEMMA,
  GPT2,
  LLAMA,
  QWEN2,
  type TokenizerClass,
} from './classes.js';

/** By the name in tokenizer_config.json, without the suffix `Fast` that transformers 4 wrote. */
const CLASS_BY_NAME = new Map([
  ['PreTrainedTokenizer', AS_WRITTEN],
  ['TokenizersBackend', AS_WRITTEN],
  ['LlamaTokenizer', LLAMA],
  ['GemmaTokenizer', GEMMA],
  ['GPT2Tokenizer', GPT2],
  ['Qwen2Tokenizer', QWEN2],
  ['CohereTokenizer', COHERE],
]);

/** The class that transformers registers for a model_type; `undefined` if it knows the type and registers no class. */
const CLASS_BY_MODEL_TYPE = new Map<unknown, TokenizerClass | undefined>([
  ...['llama', 'smollm3', 'arcee', 'apertus', 'diffllama', 'exaone4', 'falcon', 'helium', 'seed_oss'].map(
    modelType => [modelType, undefined] as const,
  ),
  ...['mistral', 'ministral', 'ministral3', 'mixtral', 'phi3', 'olmo2', 'olmo3', 'stablelm', 'granite'].map(
    modelType => [modelType, AS_WRITTEN] as const,
  ),
  ...['gemma', 'gemma2', 'gemma3', 'gemma3_text'].map(modelType => [modelType, GEMMA] as const),
  ...['cohere', 'cohere2'].map(modelType => [modelType, COHERE] as const),
  ...['gpt2', 'gptj', 'opt', 'phi', 'starcoder2'].map(modelType => [modelType, GPT2] as const),
  ...['qwen2', 'qwen2_moe', 'qwen3', 'qwen3_moe'].map(modelType => [modelType, QWEN2] as const),
]);

/** Advice for a user whose tokenizer class is not known. */
const USE_AS_WRITTEN =
  'To use tokenizer.json as it is written, set tokenizer_class in tokenizer_config.json to TokenizersBackend';

/**
 * The class that AutoTokenizer takes. Throws UserError if the class, or the class of the model type, is not known.
 * @param config tokenizer_config.json, {} if there is none
 * @param modelConfig the config.json beside it, {} if there is none
 * @param isByteLevel whether tokenizer.json has a ByteLevel component
 */
export function selectClass(config: Config, modelConfig: Config, isByteLevel: boolean): TokenizerClass {
  const name = (config.tokenizer_class || modelConfig.tokenizer_class || undefined) as string | undefined;
  const declared = name?.replace(/Fast$/, '');
  const modelType = modelConfig.model_type;
  const registered = CLASS_BY_MODEL_TYPE.get(modelType);
  // transformers ignores the class that folders of this family name.
  if (modelType === 'qwen2') return QWEN2;
  if (declared === 'LlamaTokenizer' && isByteLevel) return AS_WRITTEN;
  if (registered === AS_WRITTEN) return AS_WRITTEN;
  const selected = declared === undefined ? (registered ?? AS_WRITTEN) : CLASS_BY_NAME.get(declared);
  if (!selected) {
    const known = [...CLASS_BY_NAME.keys()].join(', ');
    throw new UserError(
      `tokenizer_config.json: tokenizer_class: expected one of ${known}, found ${name}. ${USE_AS_WRITTEN}`,
    );
  }
  const isKnownType = modelType === undefined || CLASS_BY_MODEL_TYPE.has(modelType);
  if (!isKnownType && (declared === undefined || selected !== AS_WRITTEN)) {
    throw new UserError(
      `config.json: model_type: expected a type whose tokenizer class is known, found ${modelType}. ${USE_AS_WRITTEN}`,
    );
  }
  return selected;
}
