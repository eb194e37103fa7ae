// A session on a GPU. ONNX Runtime gives each node for which the GPU has no kernel to the CPU without a word, and then
// copies values to and fro in every pass. So a session's nodes are checked when it is loaded.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ProfiledNode, readProfile } from '../onnx/profile.js';
import { createSession, type InferenceSession, type SessionOptions } from '../onnx/runtime.js';

const GPU_PROVIDER = 'CUDAExecutionProvider';
/** Whole numbers and truth values are shapes, positions and masks. ONNX Runtime computes them on the CPU on purpose. */
const SHAPE_TYPES = ['int64', 'int32', 'bool'];
/** Nodes that an error names. */
const NAMED = 5;

/**
 * Loads a graph onto a GPU. `run` runs a brief pass. Throws an Error that names the nodes which the CPU computes, and
 * what ONNX Runtime throws: a missing provider, a damaged file.
 */
export async function createGpuSession(
  path: string,
  options: SessionOptions,
  run: (session: InferenceSession) => Promise<unknown>,
): Promise<InferenceSession> {
  const folder = mkdtempSync(join(tmpdir(), 'lsllama-profile-'));
  try {
    const session = await createSession(path, options, { profilePrefix: join(folder, 'profile') });
    await run(session);
    session.endProfiling();
    const [profile] = readdirSync(folder);
    const elsewhere = nodesElsewhere(readProfile(join(folder, profile!)), GPU_PROVIDER);
    if (elsewhere.length === 0) return session;
    await session.release();
    throw new Error(describe(elsewhere));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The nodes that compute values of the model and that another provider ran. */
export function nodesElsewhere(nodes: readonly ProfiledNode[], provider: string): ProfiledNode[] {
  return nodes.filter(
    node => node.provider !== provider && !node.outputTypes.every(type => SHAPE_TYPES.includes(type)),
  );
}

function describe(nodes: readonly ProfiledNode[]): string {
  const named = nodes.slice(0, NAMED).map(({ operator, name }) => `${operator} ${name}`);
  const more = nodes.length > NAMED ? ` and ${nodes.length - NAMED} more` : '';
  return `expected every node on the GPU, found ${nodes.length} for which it has no kernel: ${named.join(', ')}${more}. Export the model with --precision float16`;
}
