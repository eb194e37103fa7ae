// What the processor offers that ONNX Runtime's kernels are chosen by.

import { readFileSync } from 'node:fs';

/** As /proc/cpuinfo names them. */
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

/** Empty where the system does not tell. */
export function instructionSets(): string[] {
  if (process.platform !== 'linux') return [];
  const flags =
    /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.trim().split(' ') ?? [];
  return INSTRUCTION_SETS.filter(name => flags.includes(name));
}

/**
 * Whether products of 8 bits may be cut off: without VNNI, x86 adds pairs of them in 16 bits, and two products of
 * 255 and 127 do not fit. Where the system does not tell, they may be.
 */
export function int8Saturates(architecture: string, sets: readonly string[]): boolean {
  return architecture === 'x64' && !['avx_vnni', 'avx512_vnni', 'amx_int8'].some(set => sets.includes(set));
}
