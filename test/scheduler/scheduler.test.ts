// Which sequences run next, on fake engines that finish a batch when the test tells them to.

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Slot } from '../../dist/engine/engines.js';
import { EngineCrashed, EngineError } from '../../dist/engine/errors.js';
import type { RunReply } from '../../dist/engine/protocol.js';
import type { Chunk, Sequence } from '../../dist/engine/sequence.js';
import { CallerGone, DeadlinePassed, FatalSequence, QueueFull } from '../../dist/scheduler/errors.js';
import { QueuedRequest } from '../../dist/scheduler/job.js';
import { OLDEST_EVERY } from '../../dist/scheduler/queue.js';
import { Scheduler } from '../../dist/scheduler/scheduler.js';

interface Batch {
  readonly model: string;
  readonly slot: Slot;
  readonly lengths: number[];
  /** First token of each sequence. */
  readonly tags: number[];
  /** The tokens that run, of a long sequence that runs in chunks. */
  readonly chunk?: Chunk;
  finish(): Promise<void>;
  fail(error: Error): Promise<void>;
}

class FakeEngines {
  readonly running: Batch[] = [];
  readonly history: Batch[] = [];
  /** What each forward pass takes. */
  seconds = 1;
  slots: (model: string) => readonly Slot[];
  takesChunks = () => false;
  /** The slots that were told to forget the chunks of a sequence. */
  readonly forgotten: Slot[] = [];

  constructor(slots: readonly Slot[]) {
    this.slots = () => slots;
  }

  /** The logit of a chunk is its first token's number. */
  runChunk(model: string, long: Sequence, chunk: Chunk, slot: Slot): Promise<RunReply> {
    return this.#start({ model, sequences: [long], slot, chunk }, [Float32Array.of(chunk.start)]);
  }

  async forget(_model: string, slot: Slot): Promise<void> {
    this.forgotten.push(slot);
  }

  isUp: (slot: Slot, model: string) => boolean = () => true;
  downFor = () => undefined;
  on() {}

  run(model: string, sequences: readonly Sequence[], slot: Slot): Promise<RunReply> {
    const logits = sequences.map(({ ids }) => Float32Array.of(ids[0]!));
    return this.#start({ model, sequences, slot }, logits);
  }

  #start(
    { sequences, ...where }: { model: string; sequences: readonly Sequence[]; slot: Slot; chunk?: Chunk },
    logits: readonly Float32Array[],
  ): Promise<RunReply> {
    return new Promise((resolve, reject) => {
      const end = async (act: () => void) => {
        this.running.splice(this.running.indexOf(batch), 1);
        act();
        await new Promise(setImmediate);
      };
      const batch: Batch = {
        ...where,
        lengths: sequences.map(({ ids }) => ids.length),
        tags: sequences.map(({ ids }) => ids[0]!),
        finish: () => end(() => resolve({ logits, seconds: this.seconds })),
        fail: error => end(() => reject(error)),
      };
      this.running.push(batch);
      this.history.push(batch);
    });
  }

  /** Ends the process that runs a batch, which fails every batch in that process. */
  async crash(cause: Batch): Promise<void> {
    const processOf = ({ slot }: Batch) => (slot === 'all' ? 0 : slot);
    const lost = this.running.filter(batch => processOf(batch) === processOf(cause));
    await Promise.all(lost.map(batch => batch.fail(new EngineCrashed('crash', true))));
  }

  async finishAll(): Promise<void> {
    while (this.running.length > 0) await this.running[0]!.finish();
  }
}

const BUDGET = 256;
const NEVER = Number.POSITIVE_INFINITY;

function start(queueTokens = NEVER, slots: readonly Slot[] = ['all']) {
  const engine = new FakeEngines(slots);
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

/** The number of batches that started before the first one that holds a sequence tagged `tag`. */
const batchesBefore = ({ history }: FakeEngines, tag: number) =>
  history.findIndex(({ tags }) => tags.includes(tag));

describe('batches', () => {
  it('start at once while the engine is idle', () => {
    const { engine, scheduler } = start();
    void scheduler.submit(request([5]));
    expect(engine.running).toHaveLength(1);
  });

  it('hold sequences of like lengths, within the budget', async () => {
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

  it('hold a sequence alone if it fills the budget, and a longer one waits for the running batch to end', async () => {
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

  it('return logits in the order of the sequences', async () => {
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

describe('a long sequence in chunks', () => {
  const startChunked = () => {
    const started = start();
    started.engine.takesChunks = () => true;
    return started;
  };
  const chunksOf = ({ history }: FakeEngines) => history.flatMap(({ chunk }) => (chunk ? [chunk.start] : []));

  it('gives the logits of all chunks, and lets short ones run between them', async () => {
    const { engine, scheduler } = startChunked();
    const long = scheduler.submit(request([300]));
    expect(engine.running.map(({ chunk }) => chunk)).toEqual([{ start: 0, end: 128 }]);
    const short = [7, 8].map(tag => scheduler.submit(request([10], tag)));
    expect(engine.running).toHaveLength(1);
    await engine.running[0]!.finish();
    expect(engine.running.map(({ tags }) => tags)).toEqual([[7, 8]]);
    short.push(scheduler.submit(request([10], 9)));
    await engine.running[0]!.finish();
    expect((await short[0]!)[0]).toEqual(Float32Array.of(7));
    expect(engine.running.map(({ chunk }) => chunk)).toEqual([{ start: 128, end: 256 }]);
    await engine.running[0]!.finish();
    expect(engine.running.map(({ tags }) => tags)).toEqual([[9]]);
    await engine.finishAll();
    await Promise.all(short);
    expect((await long)[0]).toEqual(Float32Array.of(0, 128, 256));
    expect(engine.forgotten).toEqual([]);
  });

  it('is one at a time in a slot', async () => {
    const { engine, scheduler } = startChunked();
    const all = [1, 2].map(tag => scheduler.submit(request([300], tag)));
    all.push(scheduler.submit(request([10], 3)));
    expect(engine.running.map(({ tags }) => tags)).toEqual([[1]]);
    await engine.running[0]!.finish();
    expect(engine.running.map(({ tags }) => tags)).toEqual([[3]]);
    await engine.finishAll();
    await Promise.all(all);
    expect(chunksOf(engine)).toEqual([0, 128, 256, 0, 128, 256]);
  });

  it('stops where its caller has gone, and is forgotten', async () => {
    const { engine, scheduler } = startChunked();
    const caller = new AbortController();
    const long = scheduler.submit({ ...request([600]), signal: caller.signal });
    await engine.running[0]!.finish();
    caller.abort();
    await expect(long).rejects.toThrow(CallerGone);
    await engine.finishAll();
    expect(chunksOf(engine)).toEqual([0, 128]);
    expect(engine.forgotten).toEqual(['all']);
    const next = scheduler.submit(request([10], 4));
    await engine.finishAll();
    expect((await next)[0]).toEqual(Float32Array.of(4));
  });

  it.each([
    ['its process ends', (batch: Batch, engine: FakeEngines) => engine.crash(batch)],
    ['a new process does not know it', (batch: Batch) => batch.fail(new EngineError('expected token 0'))],
  ])('runs whole where %s', async (_, fail) => {
    const { engine, scheduler } = startChunked();
    const long = scheduler.submit(request([300], 1));
    await engine.running[0]!.finish();
    await fail(engine.running[0]!, engine);
    const short = scheduler.submit(request([10], 2));
    expect(engine.running).toHaveLength(1);
    await engine.finishAll();
    expect((await long)[0]).toEqual(Float32Array.of(1));
    expect((await short)[0]).toEqual(Float32Array.of(2));
    expect(engine.history.slice(-2).map(({ chunk }) => chunk)).toEqual([undefined, undefined]);
  });
});

describe('slots', () => {
  const slotsOf = ({ running }: FakeEngines) => running.map(({ slot }) => slot);
  const startSpread = () => start(NEVER, ['all', 0, 1]);

  it.each([[[10]], [[10, 20]], [[120]]])('a few tokens, %j, run on all cores', lengths => {
    const { engine, scheduler } = startSpread();
    void scheduler.submit(request(lengths));
    expect(slotsOf(engine)).toEqual(['all']);
  });

  it('more tokens are spread over the engines', () => {
    const { engine, scheduler } = startSpread();
    void scheduler.submit(request([200, 200, 200]));
    expect(slotsOf(engine)).toEqual([0, 1]);
  });

  it('an arriving request waits for the batch on all cores', async () => {
    const { engine, scheduler } = startSpread();
    const all = [[10], [200, 200]].map(lengths => scheduler.submit(request(lengths)));
    expect(slotsOf(engine)).toEqual(['all']);
    await engine.running[0]!.finish();
    expect(slotsOf(engine)).toEqual([0, 1]);
    await engine.finishAll();
    await Promise.all(all);
  });

  it('one engine is left to short sequences, however many long ones wait', async () => {
    const { engine, scheduler } = startSpread();
    const all = [[10], [2048], [2048], [2048]].map(lengths => scheduler.submit(request(lengths)));
    await engine.running[0]!.finish();
    expect(slotsOf(engine)).toEqual([0]);
    for (let i = 0; i < 5; i++) {
      all.push(scheduler.submit(request([10], 7)));
      expect(slotsOf(engine)).toEqual([0, 1]);
      expect(engine.running[1]!.tags).toEqual([7]);
      await engine.running[1]!.finish();
    }
    await engine.finishAll();
    await Promise.all(all);
  });

  it('a batch on all cores never runs beside a batch on an engine', async () => {
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
        engine.slots = model => (model === 'small' ? ['all', 0, 1] : ['all']);
        const check = () => {
          const slots = slotsOf(engine);
          const isShared = slots.includes('all') && slots.some(slot => slot !== 'all');
          expect(isShared || new Set(slots).size < slots.filter(slot => slot !== 'all').length).toBe(false);
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
  it('a request of one text does not wait for all of a request of a thousand texts', async () => {
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

  it('a model that ran alone takes its turn at once when another model gets requests', async () => {
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

  it('every sequence runs within a bounded number of batches, whatever arrives later', async () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 600 }), { minLength: 1, maxLength: 6 });
    const arrival = fc.record({ lengths, model: fc.constantFrom('a', 'b') });
    await fc.assert(
      fc.asyncProperty(fc.array(arrival, { minLength: 1, maxLength: 8 }), arrival, async (first, late) => {
        const { engine, scheduler } = start();
        const early = first.map(({ lengths, model }) => scheduler.submit(request(lengths, 1, model)));
        let answered = false;
        const allAnswered = Promise.all(early).then(() => {
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
        await Promise.all([allAnswered, ...others]);
      }),
      { numRuns: 50 },
    );
  });
});

describe('deadlines', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  /** A scheduler that has seen passes of 256 tokens which take 272 ms: a millisecond per token, and 16 ms for weights. */
  async function measured(slots: readonly Slot[] = ['all']) {
    const { engine, scheduler } = start(NEVER, slots);
    engine.seconds = 0.272;
    const answers = [0, 1].map(() => scheduler.submit(request([256])));
    await engine.finishAll();
    await Promise.all(answers);
    return { engine, scheduler };
  }
  const within = (milliseconds: number, lengths: number[], tag = 0) => ({
    ...request(lengths, tag),
    deadline: performance.now() + milliseconds,
  });

  it('decide how much is admitted, and the rest is told when to come back', async () => {
    const { engine, scheduler } = await measured();
    const answers: Promise<unknown>[] = [];
    let refused: unknown;
    for (let texts = 0; texts < 1000 && !refused; texts++) {
      const answer = scheduler.submit(within(20_000, [100]));
      answers.push(answer.catch(error => (refused ??= error)));
      await new Promise(setImmediate);
    }
    // 20 s are some 188 texts of 106 ms. Less are taken, because passes may take longer than predicted.
    expect(answers.length).toBeGreaterThan(110);
    expect(answers.length).toBeLessThan(188);
    expect(refused).toBeInstanceOf(QueueFull);
    expect((refused as QueueFull).retryAfter).toBe(1);
    // Ten seconds of work come ten seconds too late for the same deadline; for a later one there is room.
    await expect(scheduler.submit(within(20_000, Array(94).fill(100)))).rejects.toMatchObject({
      retryAfter: expect.closeTo(13, -1),
    });
    const later = scheduler.submit(within(40_000, Array(94).fill(100)));
    await engine.finishAll();
    await Promise.all([...answers, later]);
  });

  it('refuse what cannot be done in time even alone', async () => {
    const { engine, scheduler } = await measured();
    await expect(scheduler.submit(within(1000, [2000]))).rejects.toThrow(/takes about 2\.1 s/);
    expect(engine.running).toEqual([]);
  });

  it('are kept for a long text while short ones keep arriving', async () => {
    const { engine, scheduler } = await measured();
    const answers = [within(60_000, [200]), within(60_000, [200])].map(each => scheduler.submit(each));
    answers.push(scheduler.submit(within(1200, [250], 7)));
    for (let i = 0; i < 40; i++) answers.push(scheduler.submit(within(60_000, [40, 40, 40])));
    await engine.running[0]!.finish();
    // Short texts run first, as long as there is time.
    expect(batchesBefore(engine, 7)).toBe(-1);
    vi.advanceTimersByTime(600);
    await engine.running[0]!.finish();
    expect(engine.running.at(-1)!.tags[0]).toBe(7);
    await engine.finishAll();
    await Promise.all(answers);
  });

  it('of a request that would make others late refuse that request, not the others', async () => {
    const { engine, scheduler } = await measured();
    const running = [0, 1].map(() => scheduler.submit(within(60_000, [256])));
    const promised = scheduler.submit(within(4000, Array(10).fill(200), 1));
    await expect(scheduler.submit(within(2500, Array(6).fill(200)))).rejects.toThrow(QueueFull);
    const later = scheduler.submit(within(9000, Array(6).fill(200)));
    await engine.finishAll();
    await Promise.all([...running, promised, later]);
  });
});

describe('a model without an engine', () => {
  it('waits, and does not hold up the others', async () => {
    const { engine, scheduler } = start();
    engine.isUp = (_slot, model) => model !== 'lost';
    const waiting = scheduler.submit({ ...request([10], 1, 'lost'), deadline: performance.now() + 60_000 });
    const other = scheduler.submit(request([10], 2));
    expect(engine.running.map(({ model }) => model)).toEqual(['m']);
    await engine.finishAll();
    await other;
    engine.isUp = () => true;
    const next = scheduler.submit(request([10], 3));
    await engine.finishAll();
    await Promise.all([waiting, next]);
  });
});

describe('priorities', () => {
  it('give interactive requests most of the engine, and batch requests some of it', async () => {
    const { engine, scheduler } = start();
    const texts = Array(300).fill(64);
    const all = [
      scheduler.submit({ ...request(texts, 1), priority: 'batch' }),
      scheduler.submit({ ...request(texts, 2), priority: 'interactive' }),
    ];
    await engine.finishAll();
    await Promise.all(all);
    const first = engine.history.slice(0, 60).flatMap(({ tags }) => tags);
    const batch = first.filter(tag => tag === 1).length;
    expect(batch).toBeGreaterThan(0.08 * first.length);
    expect(batch).toBeLessThan(0.5 * first.length);
  });
});

describe('the time of a request', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
  afterEach(() => void vi.useRealTimers());

  it('is inference while one of its sequences is in a forward pass, and queue else', async () => {
    const { engine, scheduler } = start();
    const onTiming = vi.fn();
    const answers = [
      scheduler.submit(request([256], 1)),
      scheduler.submit({ ...request([256, 256], 2), onTiming }),
      scheduler.submit(request([256], 3)),
    ];
    const began = performance.now();
    let inferenceMs = 0;
    let done = began;
    for (let milliseconds = 100; engine.running.length > 0; milliseconds += 10) {
      const [batch] = engine.running;
      vi.advanceTimersByTime(milliseconds);
      engine.seconds = milliseconds / 1000;
      if (batch!.tags[0] === 2) {
        inferenceMs += milliseconds;
        done = performance.now();
      }
      await batch!.finish();
    }
    await Promise.all(answers);
    expect(inferenceMs).toBeGreaterThan(200);
    expect(onTiming).toHaveBeenCalledExactlyOnceWith({
      inferenceMs: expect.closeTo(inferenceMs),
      queueMs: expect.closeTo(done - began - inferenceMs),
    });
  });

  it('counts forward passes side by side once', () => {
    const onTiming = vi.fn();
    const queued = new QueuedRequest({ ...request([3, 3, 3, 3, 3]), onTiming });
    const at = performance.now();
    const first = { start: at + 10, end: at + 30 };
    const inside = { start: at + 110, end: at + 120 };
    const later = { start: at + 115, end: at + 150 };
    const longest = { start: at + 100, end: at + 200 };
    for (const [i, pass] of [first, first, inside, later, longest].entries())
      queued.deliver(queued.jobs[i]!, new Float32Array(1), pass);
    expect(onTiming).toHaveBeenCalledExactlyOnceWith({ inferenceMs: 120, queueMs: 80 });
  });
});

describe('the scheduler does not run', () => {
  it('requests for which nobody waits any more', async () => {
    const { engine, scheduler } = start();
    const running = [scheduler.submit(request([256])), scheduler.submit(request([256]))];
    const hungUp = new AbortController();
    const aborted = scheduler.submit({ ...request([9], 7), signal: hungUp.signal });
    const late = scheduler.submit({ ...request([9], 7), deadline: performance.now() });
    const refused = [
      expect(aborted).rejects.toThrow(CallerGone),
      expect(late).rejects.toThrow(DeadlinePassed),
    ];
    hungUp.abort();
    await Promise.all(refused);
    // Both are out of the queue before any batch ends.
    expect(scheduler.queued('m')).toEqual({ sequences: 0, tokens: 0 });
    await engine.finishAll();
    await Promise.all(running);
    expect(batchesBefore(engine, 7)).toBe(-1);
  });

  it('requests that find the queue full', async () => {
    const { engine, scheduler } = start(300);
    const taken = Array.from({ length: 3 }, () => scheduler.submit(request([256])));
    await expect(scheduler.submit(request([100]))).rejects.toThrow(QueueFull);
    await engine.finishAll();
    await Promise.all(taken);
  });

  it('an empty sequence, so that no other request shares a batch with it', async () => {
    const { engine, scheduler } = start();
    await expect(scheduler.submit(request([5, 0]))).rejects.toThrow(/expected a token in every sequence/);
    expect(engine.history).toEqual([]);
  });

  it('the rest of a request after one of its sequences failed', async () => {
    const { engine, scheduler } = start();
    const answer = expect(scheduler.submit(request(Array(9).fill(256), 3))).rejects.toThrow('no');
    await engine.running[0]!.fail(new Error('no'));
    await engine.finishAll();
    await answer;
    expect(engine.history).toHaveLength(2);
  });
});

it('a batch that an engine refuses runs again, each sequence alone, and only the cause fails', async () => {
  const { engine, scheduler } = start();
  const first = scheduler.submit(request([256]));
  const good = [5, 6].map(tag => scheduler.submit(request([10, 10], tag)));
  const bad = expect(scheduler.submit(request([10], 2))).rejects.toThrow('out of memory');
  while (engine.running.length > 0) {
    const batch = engine.running[0]!;
    await (batch.tags.includes(2) ? batch.fail(new EngineError('out of memory')) : batch.finish());
  }
  await Promise.all([first, ...good, bad]);
  expect(engine.history.map(({ tags }) => tags.join())).toEqual(['0', '5,5', '6,6,2', '6', '6', '2']);
  expect(scheduler.queued('m')).toEqual({ sequences: 0, tokens: 0 });
});

describe.each<[string, readonly Slot[]]>([
  ['on all cores', ['all']],
  ['spread over engines', ['all', 0, 1]],
])('a crash %s', (_, slots) => {
  it('fails only the request that causes it, because every sequence that was in it runs again alone', async () => {
    const { engine, scheduler } = start(NEVER, slots);
    const requests = [[10], [10, 10], [200], [200]].map(lengths => scheduler.submit(request(lengths, 1)));
    const bad = expect(scheduler.submit(request([10], 2))).rejects.toThrow(FatalSequence);
    while (engine.running.length > 0) {
      const cause = engine.running.find(({ tags }) => tags.includes(2));
      await (cause ? engine.crash(cause) : engine.running[0]!.finish());
    }
    await Promise.all([...requests, bad]);
    expect(scheduler.queued('m').sequences).toBe(0);
  });

  it('does not keep requests from being answered', async () => {
    const { engine, scheduler } = start(NEVER, slots);
    const answers = [[200, 200], [10]].map(lengths => scheduler.submit(request(lengths)));
    await engine.crash(engine.running[0]!);
    await engine.finishAll();
    await Promise.all(answers);
  });
});
