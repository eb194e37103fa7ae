// ONNX Runtime's builds for Linux report usage to their maker from version 1.29 on, unless this variable is set before
// the library is loaded. runtime.ts imports this file ahead of onnxruntime-node.

process.env.ORT_DISABLE_TELEMETRY = '1';
