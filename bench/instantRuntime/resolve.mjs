// https://nodejs.org/docs/latest-v20.x/api/module.html#resolvespecifier-context-nextresolve

const RUNTIME = new URL('./runtime.mjs', import.meta.url).href;

export function resolve(specifier, context, nextResolve) {
  return specifier === 'onnxruntime-node'
    ? { url: RUNTIME, shortCircuit: true }
    : nextResolve(specifier, context);
}
