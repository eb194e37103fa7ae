// The post-processor of a tokenizer.json: the special tokens around a sequence.

import { type Component, unsupported } from './json.js';

/** Ids of the tokens before and after a sequence. */
export interface SurroundingTokens {
  readonly prefix: readonly number[];
  readonly suffix: readonly number[];
}

/** Reads a post-processor. Throws UserError naming one that does more than put tokens before and after a sequence. */
export function surroundingTokens(postProcessor: Component | null | undefined): SurroundingTokens {
  if (!postProcessor) return { prefix: [], suffix: [] };
  switch (postProcessor.type) {
    case 'Sequence': {
      const parts = (postProcessor.processors as Component[]).map(surroundingTokens);
      // Each processor surrounds the result of those before it.
      return {
        prefix: parts.toReversed().flatMap(({ prefix }) => prefix),
        suffix: parts.flatMap(({ suffix }) => suffix),
      };
    }
    case 'TemplateProcessing':
      return templateTokens(postProcessor);
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

function templateTokens({ single, special_tokens }: Component): SurroundingTokens {
  const parts = single as TemplatePart[];
  const tokens = new Map(Object.entries(special_tokens as object)) as ReadonlyMap<
    string,
    { readonly ids: readonly number[] }
  >;
  const sequences = parts.filter(part => 'Sequence' in part).length;
  if (sequences !== 1) {
    throw unsupported(
      'post_processor',
      `a template that has it ${sequences} times`,
      'a template that has the text once',
    );
  }
  const idsOf = (some: TemplatePart[]) =>
    some.flatMap(part => {
      if (!('SpecialToken' in part)) return [];
      const { id } = part.SpecialToken;
      const token = tokens.get(id);
      if (token) return token.ids;
      throw unsupported(
        'post_processor',
        `a template with ${id}`,
        'templates whose tokens are all in special_tokens',
      );
    });
  const text = parts.findIndex(part => 'Sequence' in part);
  return { prefix: idsOf(parts.slice(0, text)), suffix: idsOf(parts.slice(text + 1)) };
}
