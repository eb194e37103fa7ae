// The templates of a TemplateProcessing post-processor: where the texts stand, and the special tokens around them.

import { type Component, unsupported } from './json.js';

export type TemplatePart =
  | { readonly SpecialToken: { readonly id: string } }
  | { readonly Sequence: { readonly id: string } };

/** A template cut at its texts. */
export interface Template {
  /** The names of the texts, in order. */
  readonly sequences: readonly string[];
  /** Ids of the special tokens before each text, and after the last one: one list more than there are texts. */
  readonly tokens: readonly (readonly number[])[];
}

/** Reads a template. Throws UserError for a token that is not among the component's special_tokens. */
export function readTemplate(parts: readonly TemplatePart[], { special_tokens }: Component): Template {
  const idsByToken = new Map(Object.entries(special_tokens as object)) as ReadonlyMap<
    string,
    { readonly ids: readonly number[] }
  >;
  const sequences: string[] = [];
  const tokens: number[][] = [[]];
  for (const part of parts) {
    if ('Sequence' in part) {
      sequences.push(part.Sequence.id);
      tokens.push([]);
      continue;
    }
    const { id } = part.SpecialToken;
    const token = idsByToken.get(id);
    if (!token) {
      throw unsupported(
        'post_processor',
        `a template with ${id}`,
        'templates whose tokens are all in special_tokens',
      );
    }
    tokens.at(-1)!.push(...token.ids);
  }
  return { sequences, tokens };
}

interface SpecialToken {
  readonly content: string;
  readonly id: number | undefined;
}

/** A TemplateProcessing with the same special tokens around a text, and around each text of a pair. */
export function templateAround(before: readonly SpecialToken[], after: readonly SpecialToken[]): Component {
  const around = (text: string, type_id: number) => {
    const parts = (tokens: readonly SpecialToken[]) =>
      tokens.map(({ content }) => ({ SpecialToken: { id: content, type_id } }));
    return [...parts(before), { Sequence: { id: text, type_id } }, ...parts(after)];
  };
  const special = [...before, ...after].map(({ id, content }) => [
    content,
    { id: content, ids: [id], tokens: [content] },
  ]);
  return {
    type: 'TemplateProcessing',
    single: around('A', 0),
    pair: [...around('A', 0), ...around('B', 1)],
    special_tokens: Object.fromEntries(special),
  };
}
