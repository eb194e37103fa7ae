// Which sequences run next, with an engine that runs a batch when the test says so.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Sequence } from '../../dist/engine/batch.js';
import { EngineCrashed } from '../../dist/engine/engine.js';
import type { Place } from '../../dist/engine/engines.js';
import type { Result } from '../../dist/engine/protocol.js';
import { DeadlinePassed, Draining, QueueFull } from '../../dist/scheduler/errors.js';
import { OLDEST_EVERY } from '../../dist/scheduler/queue.js';
import { Scheduler } from '../../dist/scheduler/scheduler.js';

interface Batch {
  readonly model: string;
  readonly place: Place;
  readonly lengths: number[];
  /** First token of each sequence. */
  readonly tags: number[];
  finish(): Promise<void>;
  fail(error: Error): Promise<void>;
}

class FakeEngines {
  readonly running: Batch[] = [];
  readonly history: Batch[] = [];
  places: (model: string) => readonly Place[];

  constructor(places: readonly Place[]) {
    this.places = () => places;
  }

  run(model: string, sequences: readonly Sequence[], place: Place): Promise<Result> {
    return new Promise((resolve, reject) => {
      const end = async (act: () => void) => {
        this.running.splice(this.running.indexOf(batch), 1);
        act();
        await new Promise(setImmediate);
      };
      const batch: Batch = {
        model,
        place,
        lengths: sequences.map(({ ids }) => ids.length),
        tags: sequences.map(({ ids }) => ids[0]!),
        finish: () =>
          end(() => resolve({ logits: sequences.map(({ ids }) => Float32Array.of(ids[0]!)), seconds: 1 })),
        fail: error => end(() => reject(error)),
      };
      this.running.push(batch);
      this.history.push(batch);
    });
  }

  /** Ends the process that runs a batch, and with it all that it holds. */
  async crash(cause: Batch): Promise<void> {
    const processOf = ({ place }: Batch) => (place === 'all' ? 0 : place);
    const lost = this.running.filter(batch => processOf(batch) === processOf(cause));
    await Promise.all(lost.map(batch => batch.fail(new EngineCrashed('crash'))));
  }

  async finishAll(): Promise<void> {
    while (this.running.length > 0) await this.running[0]!.finish();
  }
}

const BUDGET = 256;
const NEVER = Number.POSITIVE_INFINITY;

function start(queueTokens = NEVER, places: readonly Place[] = ['all']) {
  const engine = new FakeEngines(places);
  return { engine, scheduler: new Scheduler(engine, { batchTokens: BUDGET, queueTokens }) };
}

const sequence = (length: number, tag = 0): Sequence => ({
  ids: new Int32Array(length).fill(tag),
  headPositions: new Int32Array(0),
});
const request = (lengths: number[], tag = 0, model = 'm') => ({
  model,
  sequences: lengths.map(length => sequence(length, tag)),
  deadline: NEVER,
});

/** The batches that started before the one with `tag` ended waiting. */
const batchesBefore = ({ history }: FakeEngines, tag: number) =>
  history.findIndex(({ tags }) => tags.includes(tag));

describe('batches', () => {
  it('start at once where the engine is idle', () => {
    const { engine, scheduler } = start();
    void scheduler.submit(request([5]));
    expect(engine.running).toHaveLength(1);
  });

  it('are of like lengths, and within the budget', async () => {
    const { engine, scheduler } = start();
    const answers = scheduler.submit(request([...Array(12).keys()].flatMap(() => [20, 100, 60])));
    await engine.finishAll();
    await answers;
    for (const { lengths } of engine.history.slice(0, 4)) {
      expect(Math.max(...lengths)).toBeLessThanOrEqual(2 * Math.max(32, Math.min(...lengths)));
    }
    for (const { lengths } of engine.history) {
      expect(lengths.reduce((sum, length) => sum + length, 0)).toBeLessThanOrEqual(BUDGET);
    }
  });

  it('hold a sequence of the budget alone, and none of more behind another', async () => {
    const { engine, scheduler } = start();
    const all = [[10], [2048], [2048], [300]].map((lengths, tag) => scheduler.submit(request(lengths, tag)));
    expect(engine.running.map(({ lengths }) => lengths)).toEqual([[10]]);
    await engine.running[0]!.finish();
    expect(engine.running).toHaveLength(1);
    all.push(scheduler.submit(request([8], 9)));
    expect(engine.running.at(-1)!.tags).toEqual([9]);
    await engine.finishAll();
    await Promise.all(all);
    expect(engine.history.every(({ lengths }) => lengths.length === 1)).toBe(true);
  });

  it('give logits in the order of the sequences', async () => {
    const { engine, scheduler } = start();
    const lengths = [200, 3, 90, 3, 400, 50];
    const answers = scheduler.submit({
      model: 'm',
      sequences: lengths.map((length, i) => sequence(length, i)),
      deadline: NEVER,
    });
    await engine.finishAll();
    expect((await answers).map(([first]) => first)).toEqual([0, 1, 2, 3, 4, 5]);
  });
});

describe('places', () => {
  const placesOf = ({ running }: FakeEngines) => running.map(({ place }) => place);
  const startSpread = () => start(NEVER, ['all', 0, 1]);

  it.each([[[10]], [[10, 20]], [[120]]])('little, %j, has all cores', lengths => {
    const { engine, scheduler } = startSpread();
    void scheduler.submit(request(lengths));
    expect(placesOf(engine)).toEqual(['all']);
  });

  it('more is spread over the engines', () => {
    const { engine, scheduler } = startSpread();
    void scheduler.submit(request([200, 200, 200]));
    expect(placesOf(engine)).toEqual([0, 1]);
  });

  it('what comes waits for what has all cores', async () => {
    const { engine, scheduler } = startSpread();
    const all = [[10], [200, 200]].map(lengths => scheduler.submit(request(lengths)));
    expect(placesOf(engine)).toEqual(['all']);
    await engine.running[0]!.finish();
    expect(placesOf(engine)).toEqual([0, 1]);
    await engine.finishAll();
    await Promise.all(all);
  });

  it('an engine is left to short sequences, whatever long ones wait', async () => {
    const { engine, scheduler } = startSpread();
    const all = [[10], [2048], [2048], [2048]].map(lengths => scheduler.submit(request(lengths)));
    await engine.running[0]!.finish();
    expect(placesOf(engine)).toEqual([0]);
    for (let i = 0; i < 5; i++) {
      all.push(scheduler.submit(request([10], 7)));
      expect(placesOf(engine)).toEqual([0, 1]);
      expect(engine.running[1]!.tags).toEqual([7]);
      await engine.running[1]!.finish();
    }
    await engine.finishAll();
    await Promise.all(all);
  });

  it('all cores are never shared', async () => {
    const arrivals = fc.array(
      fc.record({
        lengths: fc.array(fc.integer({ min: 1, max: 600 }), { minLength: 1, maxLength: 4 }),
        model: fc.constantFrom('small', 'large'),
        finished: fc.integer({ min: 0, max: 3 }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(arrivals, async arrivals => {
        const { engine, scheduler } = startSpread();
        engine.places = model => (model === 'small' ? ['all', 0, 1] : ['all']);
        const check = () => {
          const places = placesOf(engine);
          const isShared = places.includes('all') && places.some(place => place !== 'all');
          expect(isShared || new Set(places).size < places.filter(place => place !== 'all').length).toBe(
            false,
          );
        };
        const answers = [];
        for (const { lengths, model, finished } of arrivals) {
          answers.push(scheduler.submit(request(lengths, 1, model)));
          check();
          for (let i = 0; i < finished && engine.running.length > 0; i++) {
            await engine.running[0]!.finish();
            check();
          }
        }
        await engine.finishAll();
        await Promise.all(answers);
      }),
    );
  });
});

describe('fairness', () => {
  it('a request of one text does not wait for one of a thousand', async () => {
    const { engine, scheduler } = start();
    const thousand = scheduler.submit(request(Array(1000).fill(40), 1));
    const one = scheduler.submit(request([40], 2));
    await engine.finishAll();
    await Promise.all([thousand, one]);
    expect(batchesBefore(engine, 2)).toBeLessThanOrEqual(2);
  });

  it('models take turns', async () => {
    const { engine, scheduler } = start();
    const all = ['a', 'b', 'c'].map(model => scheduler.submit(request(Array(200).fill(64), 1, model)));
    await engine.finishAll();
    await Promise.all(all);
    const first = engine.history.slice(0, 30).map(({ model }) => model);
    for (const model of ['b', 'c']) {
      expect(first.filter(name => name === model).length).toBeGreaterThanOrEqual(6);
    }
  });

  it('a model is not made to wait for what it had while others were idle', async () => {
    const { engine, scheduler } = start();
    const before = scheduler.submit(request(Array(400).fill(64), 1, 'a'));
    await engine.finishAll();
    const other = scheduler.submit(request(Array(400).fill(64), 1, 'b'));
    const again = scheduler.submit(request(Array(400).fill(64), 2, 'a'));
    const from = engine.history.length;
    await engine.finishAll();
    await Promise.all([before, other, again]);
    const next = engine.history.slice(from, from + 20).map(({ model }) => model);
    expect(next.filter(model => model === 'a').length).toBeGreaterThanOrEqual(8);
  });

  it('every sequence runs within a bounded number of batches, whatever arrives after it', async () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 600 }), { minLength: 1, maxLength: 6 });
    const arrival = fc.record({ lengths, model: fc.constantFrom('a', 'b') });
    await fc.assert(
      fc.asyncProperty(fc.array(arrival, { minLength: 1, maxLength: 8 }), arrival, async (first, late) => {
        const { engine, scheduler } = start();
        const early = first.map(({ lengths, model }) => scheduler.submit(request(lengths, 1, model)));
        let answered = false;
        const settled = Promise.all(early).then(() => {
          answered = true;
        });
        const sequences = first.reduce((sum, { lengths }) => sum + lengths.length, 0);
        const bound = OLDEST_EVERY * (sequences + 1);
        const others: Promise<unknown>[] = [];
        for (let batch = 0; batch < bound && !answered; batch++) {
          others.push(scheduler.submit(request(late.lengths, 2, late.model)));
          others.push(scheduler.submit(request([1], 2, late.model)));
          await engine.running[0]!.finish();
        }
        expect(answered).toBe(true);
        await engine.finishAll();
        await Promise.all([settled, ...others]);
      }),
      { numRuns: 50 },
    );
  });
});

describe('what is not run', () => {
  it('is what nobody waits for any more', async () => {
    const { engine, scheduler } = start();
    const running = [scheduler.submit(request([256])), scheduler.submit(request([256]))];
    const hungUp = new AbortController();
    const aborted = scheduler.submit({ ...request([9], 7), signal: hungUp.signal });
    const late = scheduler.submit({ ...request([9], 7), deadline: performance.now() });
    const refused = [aborted, late].map(answer => expect(answer).rejects.toThrow(DeadlinePassed));
    hungUp.abort();
    await engine.finishAll();
    await Promise.all([...running, ...refused]);
    expect(batchesBefore(engine, 7)).toBe(-1);
    expect([scheduler.queuedSequences, scheduler.queuedTokens]).toEqual([0, 0]);
  });

  it('is what finds no room, and what comes after the end', async () => {
    const { engine, scheduler } = start(300);
    const taken = Array.from({ length: 3 }, () => scheduler.submit(request([256])));
    await expect(scheduler.submit(request([100]))).rejects.toThrow(QueueFull);
    const drained = scheduler.drain();
    await expect(scheduler.submit(request([1]))).rejects.toThrow(Draining);
    await engine.finishAll();
    await Promise.all([...taken, drained]);
  });

  it('is the rest of a request of which one sequence failed', async () => {
    const { engine, scheduler } = start();
    const answer = expect(scheduler.submit(request(Array(9).fill(256), 3))).rejects.toThrow('no');
    await engine.running[0]!.fail(new Error('no'));
    await engine.finishAll();
    await answer;
    expect(engine.history).toHaveLength(2);
  });
});

describe.each<[string, readonly Place[]]>([
  ['on all cores', ['all']],
  ['spread over engines', ['all', 0, 1]],
])('a crash %s', (_, places) => {
  it('costs nothing but its cause: what was in it runs again, alone', async () => {
    const { engine, scheduler } = start(NEVER, places);
    const requests = [[10], [10, 10], [200], [200]].map(lengths => scheduler.submit(request(lengths, 1)));
    const bad = expect(scheduler.submit(request([10], 2))).rejects.toThrow(EngineCrashed);
    while (engine.running.length > 0) {
      const cause = engine.running.find(({ tags }) => tags.includes(2));
      await (cause ? engine.crash(cause) : engine.running[0]!.finish());
    }
    await Promise.all([...requests, bad]);
    expect(scheduler.queuedSequences).toBe(0);
  });

  it('is got over before the end', async () => {
    const { engine, scheduler } = start(NEVER, places);
    const answers = [[200, 200], [10]].map(lengths => scheduler.submit(request(lengths)));
    const drained = scheduler.drain();
    await engine.crash(engine.running[0]!);
    await engine.finishAll();
    await Promise.all([...answers, drained]);
  });
});
