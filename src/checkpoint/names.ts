// The names of modules and tensors. The wrappers of a training (torch.compile, FSDP, DDP, PEFT) and multimodal models
// put further components into a name; they are removed here, before anything else judges the name.

/** Components that a wrapper adds to a path. No supported family has a module of such a name. */
const WRAPPERS = new Set([
  '_orig_mod', // torch.compile
  '_checkpoint_wrapped_module', // activation checkpointing
  '_fsdp_wrapped_module', // FSDP
  '_fpw_module', // FSDP before PyTorch 2.0
  '_orig_module', // FSDP of torch_xla
  '_forward_module', // Lightning
  'module', // DistributedDataParallel, DeepSpeed
]);

/** Modules that hold a decoder, alone or inside each other: `model`, `model.language_model`, `language_model.model`. */
const CONTAINERS = new Set(['model', 'language_model', 'text_model', 'llm', 'thinker']);

/** The names of the label head in transformers and in the LS-LLaMA training code. */
export const HEAD_MODULES = ['score', 'classifier'];

/** The head that predicts the next token. It is a label head only where it was cut down to a row for each label. */
export const LM_HEAD = 'lm_head';

const DECODER_MODULES = ['embed_tokens', 'layers', 'norm'];

/** Whether a module has the name of a label head. */
export function isHead(module: string): boolean {
  return HEAD_MODULES.includes(module);
}

/**
 * A name without wrappers: that of the model that PEFT was given. It may hold `base_model.model.` more than once, where
 * a model was wrapped by PEFT more than once.
 */
export function unwrappedName(name: string): string {
  const components = name.split('.').filter(component => !WRAPPERS.has(component));
  return components.join('.').replace(/^(?:.+\.)?base_model\.model\./, '');
}

/** The name inside the decoder, by which everything else knows a module or tensor: `layers.0.mlp.up_proj.weight`. */
export function canonicalName(name: string): string {
  const components = unwrappedName(name).split('.');
  const first = components.findIndex(component => !CONTAINERS.has(component));
  return components.slice(Math.max(first, 0)).join('.');
}

/**
 * The part of a multimodal model that a canonical name lies in, such as `vision_tower`; undefined for the text part,
 * which is the decoder with its heads.
 */
export function otherPartOf(canonical: string): string | undefined {
  const [part = ''] = canonical.split('.', 1);
  return [...DECODER_MODULES, ...HEAD_MODULES, LM_HEAD].includes(part) ? undefined : part;
}

/** `layers.0.mlp.up_proj.weight` as the module `layers.0.mlp.up_proj` and the kind `weight`. */
export function splitName(name: string): { readonly module: string; readonly kind: string } {
  const dot = name.lastIndexOf('.');
  return { module: name.slice(0, dot), kind: name.slice(dot + 1) };
}
