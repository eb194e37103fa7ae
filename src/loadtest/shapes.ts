// How a request to each kind of server looks, and where its answer tells how many tokens there were.

import { UserError } from '../errors.js';
import { isRoot, type Shape, type Target } from './shape.js';
import { openV2 } from './shapeV2.js';

export const SHAPES = ['ours', 'hf', 'v2', 'vllm', 'tei'] as const;
export type ShapeName = (typeof SHAPES)[number];

/** Throws UserError if the target lacks what the shape needs. */
export async function openShape(name: ShapeName, target: Target): Promise<Shape> {
  return OPEN[name](target);
}

const OPEN: Readonly<Record<ShapeName, (target: Target) => Shape | Promise<Shape>>> = {
  /** POST /classify or /ner. */
  ours({ url, model, timeoutMs }) {
    if (isRoot(url)) {
      throw new UserError(`${url}: expected a route such as ${new URL('/classify', url)}, found none`);
    }
    return {
      url,
      request: texts => ({ inputs: texts, model, timeout_ms: timeoutMs }),
      tokens: ({ json }) => numberAt(json, 'usage', 'tokens'),
    };
  },

  /** Hugging Face's inference API: POST to exactly the given URL. */
  hf: ({ url }) => ({
    url,
    request: texts => ({ inputs: oneOrAll(texts) }),
    tokens: () => undefined,
  }),

  /** The Open Inference Protocol of KServe and Triton. */
  v2: openV2,

  /** vLLM: POST /classify. */
  vllm: ({ url, model }) => ({
    url: isRoot(url) ? new URL('/classify', url) : url,
    request: texts => ({ model, input: oneOrAll(texts) }),
    tokens: ({ json }) => numberAt(json, 'usage', 'prompt_tokens'),
  }),

  /** text-embeddings-inference: POST /predict. A flat list of two texts would be a pair, so each has a list of its own. */
  tei: ({ url }) => ({
    url: isRoot(url) ? new URL('/predict', url) : url,
    request: texts => ({ inputs: texts.length === 1 ? texts[0]! : texts.map(text => [text]) }),
    tokens: ({ header }) => wholeNumber(header('x-compute-tokens')),
  }),
};

function oneOrAll(texts: readonly string[]): string | readonly string[] {
  return texts.length === 1 ? texts[0]! : texts;
}

/** The number that stands in a JSON value under the given keys. */
function numberAt(json: unknown, ...keys: readonly string[]): number | undefined {
  const value = keys.reduce<unknown>((each, key) => (each as Record<string, unknown> | null)?.[key], json);
  return typeof value === 'number' ? value : undefined;
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
