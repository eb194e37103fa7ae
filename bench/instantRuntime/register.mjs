// Has a process take instantRuntime/runtime.mjs for onnxruntime-node: node --import FILE.

import { register } from 'node:module';

register('./resolve.mjs', import.meta.url);
