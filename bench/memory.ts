// The most memory that a process and what it started take while they run, from /proc (Linux only).
// Fields: https://man7.org/linux/man-pages/man5/proc_pid_status.5.html

import { readdirSync, readFileSync } from 'node:fs';

/** Bytes. */
export interface PeakMemory {
  /** Resident pages, those of mapped files among them; by the kernel, which misses no peak (VmHWM). */
  resident: number;
  /** `resident` less the pages of mapped files at the sample that had most resident pages. */
  residentWithoutFiles: number;
  /** The process's own memory: heap, stacks, buffers (RssAnon). Sampled. */
  anonymous: number;
  /** Pages of mapped files, which the kernel may take back at any time (RssFile). Sampled. */
  files: number;
  /** Resident pages of the process and all its descendants, one that several map counted once (Pss). Sampled. */
  treeResident: number;
  /** Own memory of the process and all its descendants. Sampled. */
  treeAnonymous: number;
}

/** Between two samples. Milliseconds. */
const SAMPLE_MS = 100;

interface Status {
  readonly parent: number;
  readonly peakResident: number;
  readonly resident: number;
  readonly anonymous: number;
  readonly files: number;
}

/** Watches the process `pid` until the function it returns is called. */
export function watchMemory(pid: number): () => PeakMemory {
  const peak: PeakMemory = {
    resident: 0,
    residentWithoutFiles: 0,
    anonymous: 0,
    files: 0,
    treeResident: 0,
    treeAnonymous: 0,
  };
  let mostResident = 0;
  let filesThen = 0;
  const sample = () => {
    const processes = readProcesses();
    const root = processes.get(pid);
    if (!root) return;
    if (root.resident > mostResident) {
      mostResident = root.resident;
      filesThen = root.files;
    }
    const tree = [...processes].filter(([id]) => descendsFrom(pid, id, processes));
    raise(peak, {
      resident: root.peakResident,
      anonymous: root.anonymous,
      files: root.files,
      treeResident: sum(tree.map(([id]) => proportional(id))),
      treeAnonymous: sum(tree.map(([, { anonymous }]) => anonymous)),
    });
  };
  const timer = setInterval(sample, SAMPLE_MS);
  return () => {
    clearInterval(timer);
    return { ...peak, residentWithoutFiles: peak.resident - filesThen };
  };
}

function raise(peak: PeakMemory, found: Partial<PeakMemory>): void {
  for (const [key, bytes] of Object.entries(found) as [keyof PeakMemory, number][]) {
    peak[key] = Math.max(peak[key], bytes);
  }
}

function readProcesses(): Map<number, Status> {
  const processes = new Map<number, Status>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    const status = Number.isInteger(pid) ? readStatus(pid) : undefined;
    if (status) processes.set(pid, status);
  }
  return processes;
}

/** Nothing where the process is a kernel's, or has ended meanwhile. */
function readStatus(pid: number): Status | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return undefined;
  }
  const field = (name: string) => Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(text)?.[1]);
  const bytes = (name: string) => 1024 * field(name);
  if (!/^VmHWM:/m.test(text)) return undefined;
  return {
    parent: field('PPid'),
    peakResident: bytes('VmHWM'),
    resident: bytes('VmRSS'),
    anonymous: bytes('RssAnon'),
    files: bytes('RssFile'),
  };
}

/** Bytes; a page that n processes map counts 1/n in each. https://docs.kernel.org/filesystems/proc.html */
function proportional(pid: number): number {
  try {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    return 1024 * Number(/^Pss:\s*(\d+)/m.exec(rollup)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function descendsFrom(ancestor: number, pid: number, processes: ReadonlyMap<number, Status>): boolean {
  if (pid === ancestor) return true;
  const parent = processes.get(pid)?.parent;
  return parent !== undefined && descendsFrom(ancestor, parent, processes);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
