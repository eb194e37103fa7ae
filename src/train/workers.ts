// The worker processes of a training run. Each has a session of the same graph and its share of the cores: two passes on
// one core each take less time than two passes, one after the other, on both.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Sequence } from '../engine/sequence.js';
import { UserError } from '../errors.js';
import type { Exchange, Kind, Reply } from './exchange.js';
import type { Gradients, Pass, SessionShape } from './session.js';

const PROCESS = fileURLToPath(new URL('./worker.js', import.meta.url));

export class Workers {
  readonly #processes: readonly ChildProcess[];

  private constructor(processes: readonly ChildProcess[]) {
    this.#processes = processes;
  }

  /** Starts so many processes and loads the graph of a folder into each. */
  static async start(folder: string, shape: SessionShape, count: number): Promise<Workers> {
    const processes = Array.from({ length: count }, () =>
      fork(PROCESS, {
        // Typed arrays arrive as such: https://nodejs.org/api/child_process.html#advanced-serialization
        serialization: 'advanced',
        // glibc gives each thread an arena of freed memory. One is enough: the threads of a pass do not compete for it.
        env: { ...process.env, MALLOC_ARENA_MAX: '1' },
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      }),
    );
    const workers = new Workers(processes);
    try {
      await Promise.all(processes.map(each => ask(each, 'load', { folder, shape })));
      return workers;
    } catch (error) {
      await workers.close();
      throw error;
    }
  }

  get count(): number {
    return this.#processes.length;
  }

  /**
   * The sums of the losses and gradients of passes. They are taken in the same order each time: that of a worker's passes,
   * then that of the workers.
   */
  async gradients(passes: readonly Pass[], values: Float32Array): Promise<Gradients> {
    const shares = this.#shared(passes);
    const [first, ...others] = await Promise.all(
      shares.map((own, i) => ask(this.#processes[i]!, 'gradients', { passes: own, values })),
    );
    const sum = first!.values;
    for (const { values: more } of others) for (let i = 0; i < sum.length; i++) sum[i]! += more[i]!;
    return { loss: others.reduce((total, { loss }) => total + loss, first!.loss), values: sum };
  }

  /** The logits [rows, labels] of each batch of sequences. */
  async logits(batches: readonly (readonly Sequence[])[], values: Float32Array): Promise<Float32Array[]> {
    const logits = await Promise.all(
      this.#shared(batches).map((own, i) => ask(this.#processes[i]!, 'logits', { batches: own, values })),
    );
    return batches.map((_, i) => logits[i % this.count]![Math.floor(i / this.count)]!);
  }

  /** Ends the processes. */
  async close(): Promise<void> {
    await Promise.all(
      this.#processes.map(async each => {
        if (hasEnded(each)) return;
        const exited = once(each, 'exit');
        each.kill('SIGKILL');
        await exited;
      }),
    );
  }

  /** Deals work out in turn. A worker without any has no share. */
  #shared<T>(work: readonly T[]): T[][] {
    const shares = Array.from({ length: Math.min(this.count, work.length) }, (): T[] => []);
    for (const [i, item] of work.entries()) shares[i % shares.length]!.push(item);
    return shares;
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/** Sends a request to a worker that has answered its last one. Throws UserError where the process has ended. */
async function ask<K extends Kind>(
  worker: ChildProcess,
  kind: K,
  content: Exchange[K]['request'],
): Promise<Exchange[K]['reply']> {
  const answered = new AbortController();
  const { signal } = answered;
  try {
    const ended = hasEnded(worker) ? Promise.resolve() : once(worker, 'exit', { signal });
    const replied = once(worker, 'message', { signal }) as Promise<[Reply]>;
    worker.send({ kind, content }, () => {});
    const [reply] = await Promise.race([replied, ended.then(() => [undefined])]);
    if (!reply) {
      const reason = worker.signalCode ?? `exit code ${worker.exitCode}`;
      throw new UserError(
        `a worker process of this run ended (${reason}), perhaps for lack of memory: the state that was saved last stays, and --resume goes on from it`,
      );
    }
    if ('error' in reply) throw new Error(reply.error);
    return reply.content as Exchange[K]['reply'];
  } finally {
    answered.abort();
  }
}
