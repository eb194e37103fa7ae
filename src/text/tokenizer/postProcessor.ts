// The special tokens that a tokenizer.json's post_processor puts around a sequence.

import { type Component, unsupported } from './json.js';

export interface Surroundings {
  readonly prefix: readonly number[];
  readonly suffix: readonly number[];
}

/** Throws UserError naming a post-processor that does more than put tokens before and after. */
export function specialTokensAround(postProcessor: Component | null | undefined): Surroundings {
  if (!postProcessor) return { prefix: [], suffix: [] };
  switch (postProcessor.type) {
    case 'Sequence': {
      const parts = (postProcessor.processors as Component[]).map(specialTokensAround);
      // each wraps what the ones before it made
      return {
        prefix: parts.toReversed().flatMap(({ prefix }) => prefix),
        suffix: parts.flatMap(({ suffix }) => suffix),
      };
    }
    case 'TemplateProcessing':
      return aroundTemplate(postProcessor);
    case 'RobertaProcessing':
    case 'BertProcessing': {
      const [cls, sep] = [postProcessor.cls, postProcessor.sep] as [string, number][];
      return { prefix: [cls![1]], suffix: [sep![1]] };
    }
    case 'ByteLevel':
      return { prefix: [], suffix: [] };
    default:
      throw unsupported('post_processor', postProcessor.type);
  }
}

type TemplatePart =
  | { readonly SpecialToken: { readonly id: string } }
  | { readonly Sequence: { readonly id: string } };

function aroundTemplate({ single, special_tokens }: Component): Surroundings {
  const parts = single as TemplatePart[];
  const ids = special_tokens as Readonly<Record<string, { readonly ids: readonly number[] }>>;
  const text = parts.findIndex(part => 'Sequence' in part);
  const specials = (some: TemplatePart[]) =>
    some.flatMap(part => {
      if (!('SpecialToken' in part)) throw unsupported('post_processor', 'a template with the text twice');
      return ids[part.SpecialToken.id]!.ids;
    });
  if (text < 0) throw unsupported('post_processor', 'a template without the text');
  return { prefix: specials(parts.slice(0, text)), suffix: specials(parts.slice(text + 1)) };
}
