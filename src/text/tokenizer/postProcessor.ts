// The post-processor of a tokenizer.json: the special tokens around a text, or around and between the texts of a pair.

import { type Component, unsupported } from './json.js';
import { readTemplate, type TemplatePart } from './template.js';

/** Ids of the tokens before and after a sequence. */
export interface SurroundingTokens {
  readonly prefix: readonly number[];
  readonly suffix: readonly number[];
}

/** Ids of the special tokens of a pair of texts. */
export interface PairTokens extends SurroundingTokens {
  /** Between the texts. At least one, so that the model can tell where the second text begins. */
  readonly separator: readonly number[];
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
      const { cls, sep } = clsAndSep(postProcessor);
      return { prefix: [cls], suffix: [sep] };
    }
    case 'ByteLevel':
      return { prefix: [], suffix: [] };
    default:
      throw unsupported('post_processor', postProcessor.type);
  }
}

/**
 * The special tokens that a post-processor puts around and between the texts of a pair. Undefined if it has no template
 * for pairs, or one that puts no token between them. Throws UserError for a template with a token that has no id.
 */
export function pairTokens(postProcessor: Component | null | undefined): PairTokens | undefined {
  switch (postProcessor?.type) {
    case 'Sequence': {
      // A ByteLevel adds no tokens.
      const parts = (postProcessor.processors as Component[]).filter(({ type }) => type !== 'ByteLevel');
      return parts.length === 1 ? pairTokens(parts[0]) : undefined;
    }
    case 'TemplateProcessing':
      return templatePair(postProcessor);
    case 'RobertaProcessing': {
      const { cls, sep } = clsAndSep(postProcessor);
      return { prefix: [cls], separator: [sep, sep], suffix: [sep] };
    }
    case 'BertProcessing': {
      const { cls, sep } = clsAndSep(postProcessor);
      return { prefix: [cls], separator: [sep], suffix: [sep] };
    }
    default:
      return undefined;
  }
}

function clsAndSep(component: Component): { readonly cls: number; readonly sep: number } {
  const [cls, sep] = [component.cls, component.sep] as [string, number][];
  return { cls: cls![1], sep: sep![1] };
}

function templateTokens(component: Component): SurroundingTokens {
  const { sequences, tokens } = readTemplate(component.single as TemplatePart[], component);
  if (sequences.length !== 1) {
    throw unsupported(
      'post_processor',
      `a template that has it ${sequences.length} times`,
      'a template that has the text once',
    );
  }
  return { prefix: tokens[0]!, suffix: tokens[1]! };
}

function templatePair(component: Component): PairTokens | undefined {
  const { sequences, tokens } = readTemplate((component.pair ?? []) as TemplatePart[], component);
  const [prefix, separator, suffix] = tokens;
  if (sequences.join() !== 'A,B' || separator!.length === 0) return undefined;
  return { prefix: prefix!, separator: separator!, suffix: suffix! };
}
