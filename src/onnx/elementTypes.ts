// The element types of tensors that this program writes, by the names that ONNX Runtime's JavaScript API gives them.
// Numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, TensorProto.DataType

import { TensorProto_DataType } from 'onnx-buf';

export const ELEMENT_TYPES = {
  float32: TensorProto_DataType.FLOAT,
  float16: TensorProto_DataType.FLOAT16,
  int64: TensorProto_DataType.INT64,
  int8: TensorProto_DataType.INT8,
  uint8: TensorProto_DataType.UINT8,
  bool: TensorProto_DataType.BOOL,
} as const;

export type ElementType = keyof typeof ELEMENT_TYPES;

/** The arrays that hold the values of a constant. */
export type ElementArray = Float32Array | BigInt64Array | Int8Array | Uint8Array;

export function elementTypeOf(values: ElementArray): ElementType {
  if (values instanceof Float32Array) return 'float32';
  if (values instanceof BigInt64Array) return 'int64';
  return values instanceof Int8Array ? 'int8' : 'uint8';
}
