// The worker processes of a training run. Each has a session of the same graph and its share of the cores: two passes on
// one core each take less time than two passes, one after the other, on both.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Sequence } from '../engine/sequence.js';
import { UserError } from '../errors.js';
import { ArrayFile } from './arrayFile.js';
import type { Exchange, Kind, Reply } from './exchange.js';
import { sizeOf } from './parameters.js';
import type { Gradients, Pass, SessionShape } from './session.js';

const PROCESS = fileURLToPath(new URL('./worker.js', import.meta.url));

interface Worker {
  readonly process: ChildProcess;
  readonly gradients: ArrayFile;
}

export class Workers {
  readonly #workers: readonly Worker[];
  readonly #values: ArrayFile;

  private constructor(workers: readonly Worker[], values: ArrayFile) {
    this.#workers = workers;
    this.#values = values;
  }

  /**
   * Starts so many processes and loads the graph of a folder into each. Files for the trained values and the gradients
   * are made in the folder. Throws what the file system throws.
   */
  static async start(folder: string, shape: SessionShape, count: number): Promise<Workers> {
    const values = join(folder, 'values');
    const paths = Array.from({ length: count }, (_, i) => join(folder, `gradients-${i}`));
    const make = (path: string) => new ArrayFile(path, sizeOf(shape.layout), 'w+');
    const valuesFile = make(values);
    const started = paths.map(path => ({ process: startProcess(), gradients: make(path) }));
    const workers = new Workers(started, valuesFile);
    try {
      await Promise.all(
        started.map(({ process }, i) =>
          ask(process, 'load', { folder, shape, files: { values, gradients: paths[i]! } }),
        ),
      );
      return workers;
    } catch (error) {
      await workers.close();
      throw error;
    }
  }

  get count(): number {
    return this.#workers.length;
  }

  /**
   * The sums of the losses and gradients of passes, of which each worker has a share. They are taken in the same order each time: that of a worker's passes,
   * then that of the workers. The next call changes the array.
   */
  async gradients(shares: readonly (readonly Pass[])[], values: Float32Array): Promise<Gradients> {
    this.#values.write(values);
    const losses = await Promise.all(
      shares.map((passes, i) => ask(this.#workers[i]!.process, 'gradients', { passes })),
    );
    const [sum, ...others] = shares.map((_, i) => this.#workers[i]!.gradients.read());
    for (const more of others) for (let i = 0; i < more.length; i++) sum![i]! += more[i]!;
    return { loss: losses.reduce((total, loss) => total + loss), values: sum! };
  }

  /** The logits [rows, labels] of each batch of sequences. */
  async logits(batches: readonly (readonly Sequence[])[], values: Float32Array): Promise<Float32Array[]> {
    this.#values.write(values);
    // The batches are dealt out in turn.
    const logits = await Promise.all(
      this.#workers.map(({ process }, worker) =>
        ask(process, 'logits', { batches: batches.filter((_, i) => i % this.count === worker) }),
      ),
    );
    return batches.map((_, i) => logits[i % this.count]![Math.floor(i / this.count)]!);
  }

  /** Ends the processes. */
  async close(): Promise<void> {
    await Promise.all(this.#workers.map(({ process }) => end(process)));
    for (const file of [this.#values, ...this.#workers.map(({ gradients }) => gradients)]) file.close();
  }
}

function startProcess(): ChildProcess {
  return fork(PROCESS, {
    // Typed arrays arrive as such: https://nodejs.org/api/child_process.html#advanced-serialization
    serialization: 'advanced',
    // glibc gives each thread an arena of freed memory. One is enough: the threads of a pass do not compete for it.
    env: { ...process.env, MALLOC_ARENA_MAX: '1' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

async function end(worker: ChildProcess): Promise<void> {
  if (hasEnded(worker)) return;
  const exited = once(worker, 'exit');
  worker.kill('SIGKILL');
  await exited;
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/**
 * Sends a request to a worker that has answered its last one. Throws UserError where the process has ended, and what the
 * worker throws.
 */
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
    if ('error' in reply) throw Object.assign(new Error(reply.error), { code: reply.code });
    return reply.content as Exchange[K]['reply'];
  } finally {
    answered.abort();
  }
}
