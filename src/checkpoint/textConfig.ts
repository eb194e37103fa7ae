// The config.json of a multimodal model holds one of its text part. That part alone is read and exported.

import { UserError } from '../errors.js';
import { isJsonObject, type JsonObject } from './files.js';

/** A config and its name in errors. */
export interface NamedConfig {
  readonly config: JsonObject;
  readonly file: string;
}

/** The fields under which transformers, InternVL and DeepSeek-VL keep the config of the text part. */
const TEXT_FIELDS = ['text_config', 'llm_config', 'language_config'];

/**
 * Models whose text part computes something else than its config says, by the reason. That of every other model whose
 * text_config is one of a supported family is that family's decoder, because transformers builds it with
 * AutoModel.from_config(text_config), and the models that change the decoder give it a model_type of its own.
 */
const OTHER_DECODERS = new Map([
  [
    'paligemma',
    'every token of its prompts sees the whole prompt, which the causal decoder does not compute',
  ],
]);

/**
 * The config of the decoder: that of the text part of a multimodal model, else `config` itself. Throws UserError where
 * the text part cannot be exported alone.
 */
export function textConfigOf({ config, file }: NamedConfig): NamedConfig {
  const field = TEXT_FIELDS.find(key => isJsonObject(config[key]));
  if (field === undefined) return { config, file };
  const reason = OTHER_DECODERS.get(String(config.model_type));
  if (reason) throw new UserError(`${file}: model_type: ${config.model_type} is not supported: ${reason}`);
  const text = config[field] as JsonObject;
  const quantisation = config.quantization_config ?? null;
  return { config: { quantization_config: quantisation, ...text }, file: `${file}: ${field}` };
}

/**
 * Whether a config is that of a multimodal model. The first configs of Qwen2-VL have the fields of the text part at the
 * top.
 */
export function isMultimodal(config: JsonObject): boolean {
  return [...TEXT_FIELDS, 'vision_config', 'audio_config'].some(key => isJsonObject(config[key]));
}
