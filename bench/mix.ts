// Latency of short texts that arrive at random, at 70% of the capacity: alone, and with long texts among them.
// usage: npx tsx bench/mix.ts DATA.jsonl [--precision NAME] [--rounds 3] [--seconds 30] [--warmup 5]

import { basename } from 'node:path';
import { program } from 'commander';
import type { Send } from '../dist/loadtest/answer.js';
import { type LoadTestOptions, runLoadTest } from '../dist/loadtest/loadTest.js';
import type { LoadTestReport } from '../dist/loadtest/report.js';
import { Tokenizer } from '../dist/text/tokenizer.js';
import { CLASSIFIER, exportedModel } from './models.ts';
import { dataArgument, precisionOption, roundsOption, secondsOption, warmupOption } from './options.ts';
import { emit, emitSummary, MACHINE, printTable, spread, spreadText } from './report.ts';
import { httpSender, startService } from './service.ts';
import { cycle, readTexts } from './texts.ts';

const BENCH = 'mix';
const MAX_LENGTH = 2048;
/** The least length of a long text. Tokens. */
const LONG_TOKENS = 1000;
/** Share of the texts that are long. */
const LONG_SHARE = 0.05;
/** Share of the capacity that the load takes. */
const UTILISATION = 0.7;
const IN_FLIGHT = 64;
/**
 * Warm-up before the capacity of the mix is measured. Long texts accumulate slowly among those in flight, and until
 * they have, a closed loop answers more than it can sustain. Seconds.
 */
const MIX_WARMUP = 25;

program
  .addArgument(dataArgument())
  .addOption(precisionOption())
  .addOption(roundsOption(3))
  .addOption(secondsOption(30))
  .addOption(warmupOption(5))
  .parse();
const [data] = program.args as [string];
const options = program.opts<{ precision?: string; rounds: number; seconds: number; warmup: number }>();

const folder = await exportedModel(CLASSIFIER, { precision: options.precision, maxLength: MAX_LENGTH });
const texts = readTexts(data);
const longTexts = joinTexts(texts, Tokenizer.load(folder));
const service = await startService({ model: folder });
const sendShort = httpSender(`${service.url}/classify`, texts);
const sendLong = httpSender(`${service.url}/classify`, longTexts);
const sendMixed = oneIn(1 / LONG_SHARE, sendLong, sendShort);

interface Round {
  /** Short texts per second. */
  readonly capacity: number;
  /** Texts per second if LONG_SHARE of them are long. */
  readonly mixedCapacity: number;
  /** Short texts, one in flight. */
  readonly alone: LoadTestReport;
  /** Short texts at UTILISATION of their own capacity. */
  readonly short: LoadTestReport;
  /** Short texts among long ones, at UTILISATION of the mix's capacity. */
  readonly mixed: LoadTestReport;
  /** Short texts at the same rate as in the mix, without the long ones. */
  readonly without: LoadTestReport;
}

const rounds: Round[] = [];
try {
  for (let round = 1; round <= options.rounds; round++) rounds.push(await measureRound(round));
} finally {
  await service.stop();
}
summarise();

async function measureRound(round: number): Promise<Round> {
  const step = (name: string, report: LoadTestReport, rate?: number) => {
    emit(BENCH, { step: name, round, ...(rate && { rate }), ...report });
    return report;
  };
  const alone = step('short, 1 in flight', await load(sendShort, { concurrency: 1 }));
  const capacity = step('short, capacity', await load(sendShort, { concurrency: IN_FLIGHT }));
  const rate = UTILISATION * capacity.requests_per_second;
  const short = step('short, 70%', await load(sendShort, { rate }), rate);

  const closedLoop = { concurrency: IN_FLIGHT, warmup: MIX_WARMUP };
  const mixedCapacity = step('mix, capacity', await load(sendMixed, closedLoop));
  const mixedRate = UTILISATION * mixedCapacity.requests_per_second;
  const shortRate = (1 - LONG_SHARE) * mixedRate;
  // Two independent Poisson processes make up one.
  const [mixed, long] = await Promise.all([
    load(sendShort, { rate: shortRate }),
    load(sendLong, { rate: LONG_SHARE * mixedRate }),
  ]);
  step('mix, 70%, the short ones', mixed, shortRate);
  step('mix, 70%, the long ones', long, LONG_SHARE * mixedRate);
  const without = step('short, at the mix’s rate', await load(sendShort, { rate: shortRate }), shortRate);
  return {
    capacity: capacity.requests_per_second,
    mixedCapacity: mixedCapacity.requests_per_second,
    alone,
    short,
    mixed,
    without,
  };
}

function load(send: Send, kind: Partial<LoadTestOptions>): Promise<LoadTestReport> {
  return runLoadTest(send, { ...options, ...kind });
}

function summarise(): void {
  const of = (value: (round: Round) => number) => spread(rounds.map(value));
  const summary = {
    precision: options.precision ?? 'recipe’s',
    data: basename(data),
    capacity: of(({ capacity }) => capacity),
    mixed_capacity: of(({ mixedCapacity }) => mixedCapacity),
    alone_p50: of(({ alone }) => alone.latency.p50),
    short_p99: of(({ short }) => short.latency.p99),
    short_p99_to_alone_p50: of(({ alone, short }) => short.latency.p99 / alone.latency.p50),
    mixed_p99: of(({ mixed }) => mixed.latency.p99),
    without_p99: of(({ without }) => without.latency.p99),
    mixed_to_without: of(({ mixed, without }) => mixed.latency.p99 / without.latency.p99),
  };
  emitSummary(BENCH, summary);
  process.stderr.write(`${MACHINE}; ${summary.data}, ${summary.precision}\n`);
  printTable([
    ['short texts, ms', 'median (range)'],
    ['p50, one in flight', spreadText(summary.alone_p50, 0)],
    ['p99 at 70%', spreadText(summary.short_p99, 0)],
    ['p99 at 70% / p50 of one', spreadText(summary.short_p99_to_alone_p50, 2)],
    ['p99 at 70%, with 5% long ones', spreadText(summary.mixed_p99, 0)],
    ['p99 at that rate without long ones', spreadText(summary.without_p99, 0)],
    ['p99 with / without long ones', spreadText(summary.mixed_to_without, 2)],
  ]);
}

/** Sends a long text in every n-th request. */
function oneIn(n: number, long: Send, short: Send): Send {
  const next = cycle([long, ...Array.from({ length: n - 1 }, () => short)]);
  return () => next()();
}

/** Joins neighbouring texts until they have LONG_TOKENS. */
function joinTexts(texts: readonly string[], tokenizer: Tokenizer): string[] {
  const long: string[] = [];
  let text = '';
  for (const next of texts) {
    text = text === '' ? next : `${text} ${next}`;
    if (tokenizer.encode(text, MAX_LENGTH).length < LONG_TOKENS) continue;
    long.push(text);
    text = '';
  }
  return long;
}
