// Which quantised bases can be read, by the quantization_config of their config.json.

import { UserError } from '../errors.js';
import type { Fields } from './fields.js';

/**
 * Refuses a base that is quantised by another method than bitsandbytes in 4 bits. Whether its weights are in 4 bits is
 * left to the weights: modules may be skipped, and a model that was dequantised often keeps its quantization_config.
 * `file` names the config in errors.
 */
export function checkQuantisation(fields: Fields, file: string): void {
  const quantisation = fields.object('quantization_config');
  if (!quantisation) return;
  const inBits = (bits: 4 | 8) =>
    quantisation.flag(`load_in_${bits}bit`) || quantisation.flag(`_load_in_${bits}bit`);
  // The first configs of bitsandbytes do not name the method.
  const method = quantisation.text(
    'quant_method',
    inBits(4) || inBits(8) ? 'bitsandbytes' : 'no quant_method',
  );
  if (method === 'bitsandbytes' && !inBits(8)) return;
  const found = method === 'bitsandbytes' ? 'bitsandbytes in 8 bits (LLM.int8)' : method;
  throw new UserError(
    `${file}: quantization_config: quant_method: expected bitsandbytes in 4 bits, found ${found}, whose weights cannot be read. ` +
      'Give the unquantised base in F32, F16 or BF16, or a GGUF file of it: adapters that were trained on the quantised base (QLoRA) fit it',
  );
}
