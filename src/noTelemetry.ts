// ONNX Runtime's builds for Linux report usage to their maker from version 1.29 on, unless this is set before they
// are loaded. To be imported ahead of onnxruntime-node, or where a process that loads it is started: it inherits this.

process.env.ORT_DISABLE_TELEMETRY = '1';
