// A process of `npm run fuzz`. A damaged file that ends or hangs it does not end the command.

import { watchAllocations } from './allocations.js';
import { Fuzzer } from './fuzzer.js';

export interface Work {
  /** An empty folder. */
  readonly folder: string;
  readonly seed: number;
  /** The first run, and the one after the last. */
  readonly from: number;
  readonly to: number;
}

export interface Report {
  readonly kind: 'started' | 'used' | 'refused' | 'finding';
  readonly text: string;
  /** The most memory that the process has held, in bytes. */
  readonly memory: number;
}

process.once('message', async ({ folder, seed, from, to }: Work) => {
  const send = (kind: Report['kind'], text = '') =>
    process.send?.({ kind, text, memory: 1024 * process.resourceUsage().maxRSS } satisfies Report);
  const fuzzer = new Fuzzer(folder);
  watchAllocations();
  for (let run = from; run < to; run++) {
    const drawn = await fuzzer.draw(seed, run);
    send('started', JSON.stringify(drawn));
    try {
      send(await fuzzer.run(drawn));
    } catch (error) {
      const smaller = await fuzzer.shrink(drawn);
      const { stack = '' } = error as Error;
      send('finding', `${JSON.stringify(smaller)}\n${stack.split('\n').slice(0, 6).join('\n')}`);
    }
  }
  process.disconnect();
});
