// The libraries with which ONNX Runtime computes on GPUs. The npm package has none of them: they are published as a Python
// wheel, which is a zip file. Three of its files belong beside the binding of onnxruntime-node, one in place of its own.

import { createWriteStream, existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import yauzl from 'yauzl';
import { UserError } from '../errors.js';
import { missingLibraries } from '../machine/sharedLibraries.js';

/** Binding and libraries have to be of one version. */
const VERSION = '1.30.0';

export interface Wheel {
  readonly url: string;
  readonly sha256: string;
}

/** The wheel for each process.arch. https://pypi.org/project/onnxruntime-gpu/1.30.0/#files */
const WHEELS: Readonly<Record<string, Wheel>> = {
  x64: {
    url: 'https://files.pythonhosted.org/packages/9e/80/d96143329dbe925d434b016c890a5caa785fac8e14a1570e5d6818b63545/onnxruntime_gpu-1.30.0-cp312-cp312-manylinux_2_28_x86_64.whl',
    sha256: '6acc0f4b3d5ac5f2984432faa59dd8fcce6775f8b43a7140afa0f322c7a703b1',
  },
  arm64: {
    url: 'https://files.pythonhosted.org/packages/39/2b/97887b3f49ddad0d22b596a1e32a38a8e029cad81c6342da6d709cdc381c/onnxruntime_gpu-1.30.0-cp312-cp312-manylinux_2_34_aarch64.whl',
    sha256: '12af352b24145b3480794fcf327d313a240550e772a07fb182390872c1a642fc',
  },
};

/** The library that computes on the GPU. It needs those of CUDA and cuDNN. */
const PROVIDER_LIBRARY = 'libonnxruntime_providers_cuda.so';

/** It comes with the driver, and not with CUDA. */
const DRIVER_LIBRARY = 'libcuda.so.1';

/** The files of the wheel, and their names beside the binding. The binding loads the last one, so it is put there last. */
const LIBRARIES = new Map([
  ['onnxruntime/capi/libonnxruntime_providers_shared.so', 'libonnxruntime_providers_shared.so'],
  [`onnxruntime/capi/${PROVIDER_LIBRARY}`, PROVIDER_LIBRARY],
  [`onnxruntime/capi/libonnxruntime.so.${VERSION}`, 'libonnxruntime.so.1'],
]);

/** The wheel for this machine. Throws UserError where there is none. */
export function wheelForThisMachine(): Wheel {
  const wheel = process.platform === 'linux' ? WHEELS[process.arch] : undefined;
  if (wheel) return wheel;
  const known = Object.keys(WHEELS).join(' or ');
  throw new UserError(`CUDA: expected Linux on ${known}, found ${process.platform} on ${process.arch}`);
}

/** The folder of the binding of onnxruntime-node. */
export function bindingFolder(): string {
  const main = createRequire(import.meta.url).resolve('onnxruntime-node');
  return join(dirname(main), '../bin/napi-v6', process.platform, process.arch);
}

export interface CudaLibraries {
  /** Whether the libraries are beside the binding. */
  readonly areInstalled: boolean;
  /** The libraries of CUDA and cuDNN that they need and this machine lacks. */
  readonly missing: readonly string[];
}

export function cudaLibraries(): CudaLibraries {
  const library = join(bindingFolder(), PROVIDER_LIBRARY);
  return existsSync(library)
    ? { areInstalled: true, missing: missingLibraries(library).filter(name => name !== DRIVER_LIBRARY) }
    : { areInstalled: false, missing: [] };
}

/**
 * Puts the libraries of a wheel into a folder. They are unpacked beside their places first and then renamed, so a wheel
 * that ends early changes nothing, and processes that run keep the libraries that they have. Throws UserError for a file
 * that is no wheel of these libraries, and the errors of the file system.
 */
export async function unpackCudaLibraries(wheel: string, folder: string): Promise<void> {
  const unpacked = mkdtempSync(join(folder, '.cuda-'));
  try {
    const found = await unpack(wheel, unpacked);
    const missing = [...LIBRARIES.keys()].filter(name => !found.has(name));
    if (missing.length > 0) throw new UserError(`${wheel}: expected ${missing.join(', ')} in it, found none`);
    for (const name of LIBRARIES.values()) renameSync(join(unpacked, name), join(folder, name));
  } finally {
    rmSync(unpacked, { recursive: true, force: true });
  }
}

/** Unpacks the libraries of a wheel. Returns the names that they have in the wheel. */
async function unpack(wheel: string, folder: string): Promise<Set<string>> {
  const found = new Set<string>();
  const zip = await yauzl.openPromise(wheel).catch(error => {
    throw new UserError(`${wheel}: expected a Python wheel, found: ${(error as Error).message}`);
  });
  try {
    for await (const entry of zip.eachEntry()) {
      const name = LIBRARIES.get(entry.fileName);
      if (name === undefined) continue;
      await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(join(folder, name)));
      found.add(entry.fileName);
    }
  } finally {
    zip.close();
  }
  return found;
}
