// lsllama serve: the HTTP service.

import { type Command, Option } from 'commander';
import pino, { type Logger } from 'pino';
import pretty from 'pino-pretty';
import { type ServeOptions, startService } from '../server/serve.js';
import { cacheOption, deviceOption, modelsOption, originList, wholeNumber } from './options.js';
import { type Progress, startProgress } from './progress.js';

interface ServeFlags extends ServeOptions {
  readonly logLevel: string;
}

export function configure(command: Command): void {
  command
    .addOption(modelsOption())
    .addOption(
      new Option('--host <host>', 'the address to listen on').env('LSLLAMA_HOST').default('127.0.0.1'),
    )
    .addOption(
      new Option('--port <port>', 'the port to listen on; 0 takes any free port')
        .env('LSLLAMA_PORT')
        .default(8080)
        .argParser(wholeNumber(0, 65_535)),
    )
    .addOption(deviceOption())
    .addOption(cacheOption())
    .addOption(
      new Option('--api-key <key>', 'a key that callers must send as a bearer token').env('LSLLAMA_API_KEY'),
    )
    .addOption(
      new Option('--cors-origin <origins>', 'origins whose web pages may call the service: a,b or *')
        .env('LSLLAMA_CORS_ORIGIN')
        .default([], 'none')
        .argParser(originList),
    )
    .addOption(
      new Option('--batch-tokens <n>', 'tokens in one forward pass')
        .env('LSLLAMA_BATCH_TOKENS')
        .default('measured', 'measured for each model')
        .argParser(wholeNumber(1)),
    )
    .addOption(
      new Option('--queue-tokens <n>', 'tokens that may wait before requests are refused')
        .env('LSLLAMA_QUEUE_TOKENS')
        .default(262_144)
        .argParser(wholeNumber(1)),
    )
    .addOption(
      new Option('--cache-size <n>', 'sequences whose results are kept; 0 keeps none')
        .env('LSLLAMA_CACHE_SIZE')
        .default(10_000)
        .argParser(wholeNumber(0)),
    )
    .addOption(
      new Option('--log-level <level>', 'the least severe messages that are logged')
        .env('LSLLAMA_LOG_LEVEL')
        .default('info')
        .choices(['debug', 'info', 'warn', 'error']),
    )
    .action(serve);
}

async function serve(flags: ServeFlags): Promise<void> {
  const log = createLogger(flags.logLevel);
  const bars = new Map<string, Progress>();
  const service = await startService(flags, log, (name, done, total) => {
    const bar = bars.get(name) ?? startProgress(`exporting ${name}`);
    bars.set(name, bar);
    bar.update(done, total);
    if (done === total) bar.end();
  });
  log.info({ url: service.url }, 'listening');
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info(
      { signal },
      'shutting down after the accepted requests are answered (signal again to stop at once)',
    );
    service.close().then(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  await service.loaded;
}

/** Logs to standard error, because standard output is for results: readable lines on a terminal, JSON elsewhere. */
function createLogger(level: string): Logger {
  return process.stderr.isTTY
    ? pino({ level }, pretty({ destination: 2, ignore: 'pid,hostname', translateTime: 'HH:MM:ss' }))
    : pino({ level }, pino.destination({ dest: 2, sync: true }));
}
