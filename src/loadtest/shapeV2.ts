// The Open Inference Protocol of KServe and Triton: POST /v2/models/{model}/infer with one tensor of texts.

import { UserError } from '../errors.js';
import { isRoot, type Shape, type Target } from './shape.js';

/** A tensor in a model's metadata. */
interface Tensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
}

/** Throws UserError if the model has no input for texts. */
export async function openV2(target: Target): Promise<Shape> {
  const url = inferUrl(target);
  const { name, shape } = await textInput(url, target.headers);
  return {
    url,
    request: texts => {
      // Triton gives a text a dimension of its own, [texts, 1], where the model says so.
      const sizes = shape.length === 2 ? [texts.length, 1] : [texts.length];
      return { inputs: [{ name, datatype: 'BYTES', shape: sizes, data: texts }] };
    },
    tokens: () => undefined,
  };
}

/** The given route, or that of the model below a server's root. */
function inferUrl({ url, model }: Target): URL {
  if (isRoot(url)) {
    if (model === undefined) throw new UserError(`${url}: expected --model, or the URL of a model`);
    return new URL(`/v2/models/${encodeURIComponent(model)}/infer`, url);
  }
  const route = new URL(url);
  if (!route.pathname.endsWith('/infer')) route.pathname = `${route.pathname.replace(/\/$/, '')}/infer`;
  return route;
}

/** The input for texts that the model's metadata names. */
async function textInput(infer: URL, headers: Target['headers']): Promise<Tensor> {
  const url = new URL(infer);
  url.pathname = url.pathname.replace(/\/infer$/, '');
  const response = await fetch(url, { headers }).catch((error: Error) => {
    throw new UserError(`${url}: ${(error.cause as Error | undefined)?.message || error.message}`);
  });
  const text = await response.text();
  if (!response.ok)
    throw new UserError(`${url}: expected the model's metadata, found ${response.status} ${text}`);
  const inputs = inputsIn(text);
  const input = inputs.find(({ datatype }) => datatype === 'BYTES');
  if (input) return input;
  const found = inputs.map(({ name, datatype }) => `${name} of ${datatype}`).join(', ') || 'none';
  throw new UserError(`${url}: expected an input of BYTES, found ${found}`);
}

function inputsIn(text: string): readonly Tensor[] {
  try {
    const { inputs } = JSON.parse(text) as { inputs?: unknown };
    return Array.isArray(inputs) ? inputs : [];
  } catch {
    return [];
  }
}
