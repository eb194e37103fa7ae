// ONNX Runtime as the rest of the program uses it. No other file imports onnxruntime-node, so every session is created
// with telemetry off and with the options below.

import './telemetry.js';
import { env, InferenceSession, Tensor } from 'onnxruntime-node';
import { instructionSets, int8Saturates } from '../machine/processor.js';

export { type InferenceSession, Tensor };

// ONNX Runtime throws its errors as well, and the caller reports them.
env.logLevel = 'fatal';

export interface SessionOptions {
  /** `cpu`, `cuda` or `cuda:N`. */
  readonly device: string;
  /** Threads that share one operator. */
  readonly threads: number;
}

export interface SessionFeatures {
  /** Whether idle threads wait without using their core. True where others need the cores between two short runs. */
  readonly idleThreadsSleep?: boolean;
  /** Where a copy of the model is written as ONNX Runtime optimised it, with its weights packed for this processor. */
  readonly packedCopy?: { readonly path: string; readonly dataFile: string };
  /** Whether the model runs once, so that packing its weights would only take time and memory. */
  readonly runsOnce?: boolean;
  /** What the path of the profile begins with, where one is written. It holds what runs until endProfiling(). */
  readonly profilePrefix?: string;
}

/**
 * Loads a model from a path, or from its bytes.
 * Throws what ONNX Runtime throws: a missing execution provider, a damaged file.
 * Options: https://github.com/microsoft/onnxruntime/blob/main/include/onnxruntime/core/session/onnxruntime_session_options_config_keys.h
 */
export function createSession(
  model: string | Uint8Array,
  { device, threads }: SessionOptions,
  { idleThreadsSleep = false, packedCopy, runsOnce = false, profilePrefix }: SessionFeatures = {},
): Promise<InferenceSession> {
  const options: InferenceSession.SessionOptions = {
    executionProviders: [executionProvider(device)],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 4,
    // A memory plan for each shape of batch made nothing faster here, and took a tenth more memory.
    enableMemPattern: false,
    ...(packedCopy && { optimizedModelFilePath: packedCopy.path }),
    ...(profilePrefix !== undefined && { enableProfiling: true, profileFilePrefix: profilePrefix }),
    extra: {
      session: {
        // Asks for kernels that cannot saturate, where the fastest ones could.
        x64quantprecision: int8Saturates(process.arch, instructionSets()) ? '1' : '0',
        // The softmax gives masked places the least number above zero that exp() knows, 4e-39. Intel processors multiply
        // such denormal numbers so slowly that causal attention takes twice the time; as zeros they cost nothing.
        set_denormal_as_zero: '1',
        // Threads stop spinning at the end of a run: between two batches the cores belong to others.
        force_spinning_stop: '1',
        ...(runsOnce && { disable_prepacking: '1' }),
        ...(idleThreadsSleep && { intra_op: { allow_spinning: '0' } }),
        ...(packedCopy && {
          optimized_model_external_initializers_file_name: packedCopy.dataFile,
          save_external_prepacked_constant_initializers: '1',
        }),
      },
    },
  };
  // The two overloads of create take a path and bytes apart.
  return typeof model === 'string'
    ? InferenceSession.create(model, options)
    : InferenceSession.create(model, options);
}

/** The version of the ONNX Runtime library. */
export function runtimeVersion(): string {
  return env.versions.node ?? 'unknown';
}

function executionProvider(device: string): InferenceSession.ExecutionProviderConfig {
  const [name, index] = device.split(':');
  return name === 'cuda' ? { name: 'cuda', deviceId: Number(index ?? 0) } : 'cpu';
}
