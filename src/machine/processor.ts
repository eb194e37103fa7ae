// The instruction sets of the processor by which ONNX Runtime chooses its kernels.

import { readFileSync } from 'node:fs';

/** The names that /proc/cpuinfo uses. */
const INSTRUCTION_SETS = [
  'avx2',
  'fma',
  'avx512f',
  'avx512bw',
  'avx512_bf16',
  'avx_vnni',
  'avx512_vnni',
  'amx_bf16',
  'amx_int8',
  'asimddp',
  'i8mm',
  'bf16',
];

/** Those of INSTRUCTION_SETS that the processor has; none where the system does not report them. */
export function instructionSets(): string[] {
  if (process.platform !== 'linux') return [];
  const flags =
    /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.trim().split(' ') ?? [];
  return INSTRUCTION_SETS.filter(name => flags.includes(name));
}

/**
 * Whether sums of 8-bit products may saturate. Without VNNI, x86 adds pairs of products in 16 bits, and two products of
 * 255 and 127 do not fit. Where the instruction sets are not known, they may saturate.
 */
export function int8Saturates(architecture: string, sets: readonly string[]): boolean {
  return architecture === 'x64' && !['avx_vnni', 'avx512_vnni', 'amx_int8'].some(set => sets.includes(set));
}
