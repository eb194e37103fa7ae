// The peak memory of a process and its descendants while they run, read from /proc (Linux only).
// Fields: https://man7.org/linux/man-pages/man5/proc_pid_status.5.html

import { readdirSync, readFileSync } from 'node:fs';

/** Bytes. */
export interface PeakMemory {
  /** Resident pages, including those of mapped files. The kernel counts them and misses no peak (VmHWM). */
  resident: number;
  /** `resident` less the pages of mapped files in the sample with the most resident pages. */
  residentWithoutFiles: number;
  /** The process's own memory: heap, stacks, buffers (RssAnon). Sampled. */
  anonymous: number;
  /** Pages of mapped files, which the kernel may reclaim at any time (RssFile). Sampled. */
  files: number;
  /** Resident pages of the process and its descendants. A page that several of them map counts once (Pss). Sampled. */
  treeResident: number;
  /** Anonymous memory of the process and its descendants. Sampled. */
  treeAnonymous: number;
}

/** Time between two samples. Milliseconds. */
const SAMPLE_MS = 100;

interface Status {
  readonly parent: number;
  readonly peakResident: number;
  readonly resident: number;
  readonly anonymous: number;
  readonly files: number;
}

/** Watches the process `pid`. The function that it returns stops watching and returns the peaks. */
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
  let filesAtPeak = 0;
  const sample = () => {
    const processes = readProcesses();
    const root = processes.get(pid);
    if (!root) return;
    if (root.resident > mostResident) {
      mostResident = root.resident;
      filesAtPeak = root.files;
    }
    const tree = treeOf(pid, processes);
    raise(peak, {
      resident: root.peakResident,
      anonymous: root.anonymous,
      files: root.files,
      treeResident: sum(tree.map(id => proportional(id))),
      treeAnonymous: sum(tree.map(id => processes.get(id)!.anonymous)),
    });
  };
  const timer = setInterval(sample, SAMPLE_MS);
  return () => {
    clearInterval(timer);
    return { ...peak, residentWithoutFiles: peak.resident - filesAtPeak };
  };
}

/** Resident pages of a process and its descendants now. A page that several of them map counts once (Pss). Bytes. */
export function treeResident(pid: number): number {
  return sum(treeOf(pid, readProcesses()).map(proportional));
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

/** Undefined for a thread of the kernel, and for a process that has ended meanwhile. */
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

/** Bytes. A page that n processes map counts 1/n in each. https://docs.kernel.org/filesystems/proc.html */
function proportional(pid: number): number {
  try {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    return 1024 * Number(/^Pss:\s*(\d+)/m.exec(rollup)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** A process and its descendants. */
function treeOf(pid: number, processes: ReadonlyMap<number, Status>): number[] {
  return [...processes.keys()].filter(id => descendsFrom(pid, id, processes));
}

function descendsFrom(ancestor: number, pid: number, processes: ReadonlyMap<number, Status>): boolean {
  if (pid === ancestor) return true;
  const parent = processes.get(pid)?.parent;
  return parent !== undefined && descendsFrom(ancestor, parent, processes);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
