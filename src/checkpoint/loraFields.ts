// Every field that adapter_config.json has, and what an export does about it. The fields are those of PEFT's LoraConfig
// up to 0.21.2 (https://github.com/huggingface/peft/blob/v0.21.2/src/peft/tuners/lora/config.py), those of older
// releases, and those that other training tools write.

/** `merged`: read and applied. `ignored`: has no effect on a trained adapter. `refused`: has one that is not done here. */
export type FieldEffect = 'merged' | 'ignored' | { readonly refused: string };

export const LORA_FIELDS: ReadonlyMap<string, FieldEffect> = new Map(
  Object.entries<FieldEffect>({
    alpha_pattern: 'merged',
    bias: 'merged',
    exclude_modules: 'merged',
    init_lora_weights: 'merged',
    layers_pattern: 'merged',
    layers_to_transform: 'merged',
    lora_alpha: 'merged',
    lora_bias: 'merged',
    modules_to_save: 'merged',
    peft_type: 'merged',
    r: 'merged',
    rank_pattern: 'merged',
    target_modules: 'merged',
    task_type: 'merged',
    trainable_token_indices: 'merged',
    use_dora: 'merged',
    use_rslora: 'merged',

    // These describe the files, or the run that made them.
    auto_mapping: 'ignored',
    base_model_name_or_path: 'ignored',
    inference_mode: 'ignored',
    lora_dropout: 'ignored',
    peft_version: 'ignored',
    revision: 'ignored',
    runtime_config: 'ignored',
    // These are the options of an initialisation. `init_lora_weights` says whether it takes place.
    corda_config: 'ignored',
    eva_config: 'ignored',
    loftq_config: 'ignored',
    lora_ga_config: 'ignored',
    // It ties the embeddings to lm_head, which label heads do not have.
    ensure_weight_tying: 'ignored',
    // PEFT itself sets it to false for the linear layers of these models.
    fan_in_fan_out: 'ignored',
    // PEFT applies these to the layers of Megatron and of GPTQ only.
    megatron_config: 'ignored',
    megatron_core: 'ignored',
    qalora_group_size: 'ignored',
    use_qalora: 'ignored',
    // MonteCLoRA adds noise to A in training only, and VeLoRA changes gradients only.
    monteclora_config: 'ignored',
    velora_config: 'ignored',

    alora_invocation_tokens: {
      refused:
        'an activated LoRA (aLoRA) changes only the tokens from the invocation on, which a merge cannot do',
    },
    arrow_config: { refused: 'Arrow chooses other adapters for each token, which a merge cannot do' },
    kasa_config: { refused: 'KaSA removes the smallest singular values of the base weights' },
    layer_replication: { refused: 'layers that are repeated are not supported' },
    target_parameters: { refused: 'LoRA on parameters that are no layers of their own is not supported' },
    use_bdlora: { refused: 'block-diagonal LoRA (BD-LoRA) is not supported' },

    // PEFT 0.1 and 0.2.
    enable_lora: { refused: 'LoRA on parts of a fused layer is not supported' },
    merge_weights: 'ignored',

    // Other tools: these of ms-swift are about learning rates, and the type in which A and B are stored.
    lora_dtype: 'ignored',
    lorap_emb_lr: 'ignored',
    lorap_lr_ratio: 'ignored',
    unsloth_fixed: 'ignored',
  }),
);
