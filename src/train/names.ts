// The names of what a training graph reads and gives beside the batch.

export const TARGETS = 'targets';
export const LOSS_SCALE = 'loss_scale';
export const LOSS = 'loss';

/** The output that holds the gradient of a trained tensor. */
export const gradientOf = (tensor: string) => `${tensor}.gradient`;

const DROPOUT_MASK = '.dropout_mask';

/** The input that holds the dropout mask of what a module's LoRA reads, bools [tokens, in]: true where a value is kept. */
export const dropoutMaskOf = (module: string) => `${module}${DROPOUT_MASK}`;
export const isDropoutMask = (input: string) => input.endsWith(DROPOUT_MASK);
