// The names of the precisions that a model can be exported at, as manifests, recipes and the command line write them.
// This file imports nothing, so that code which needs only the names does not load the graph writer and ONNX Runtime.

export const PRECISIONS = ['float32', 'float16', 'int8'] as const;

export type PrecisionName = (typeof PRECISIONS)[number];
