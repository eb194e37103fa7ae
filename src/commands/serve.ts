// lsllama serve: the HTTP service.

import { type Command, Option } from 'commander';
import pino, { type Logger } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { UserError } from '../errors.js';
import { notesOf } from '../model/notes.js';
import { readPublicKey } from '../model/signature.js';
import { type ServeOptions, startService } from '../server/serve.js';
import { Bars } from './bars.js';
import { applyConfig } from './configFile.js';
import { curlCommand } from './curl.js';
import {
  addressList,
  cacheOption,
  deviceOption,
  modelsOption,
  originList,
  share,
  switchOption,
  wholeNumber,
} from './options.js';
import { linesView, Progress } from './progress.js';
import { percent } from './work.js';

interface ServeFlags extends ServeOptions {
  readonly logLevel: string;
  readonly config?: string;
}

/** The longest time that a timer of Node takes. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

export function configure(command: Command): void {
  command
    .addOption(
      new Option('--config <file>', 'a YAML or JSON file with these options, named as the flags are').env(
        'LSLLAMA_CONFIG',
      ),
    )
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
      new Option(
        '--api-keys <file>',
        'a file of keys with scopes and limits, written with the command "key"',
      ).env('LSLLAMA_API_KEYS'),
    )
    .addOption(
      new Option('--admin-port <port>', 'another port for metrics and administration; 0 takes any free port')
        .env('LSLLAMA_ADMIN_PORT')
        .argParser(wholeNumber(0, 65_535)),
    )
    .addOption(
      new Option('--tls-cert <file>', 'the certificate with which to serve HTTPS, in PEM').env(
        'LSLLAMA_TLS_CERT',
      ),
    )
    .addOption(
      new Option('--tls-key <file>', 'the private key of the certificate, in PEM').env('LSLLAMA_TLS_KEY'),
    )
    .addOption(
      new Option(
        '--tls-client-ca <file>',
        'the authority whose client certificates callers must have, in PEM',
      ).env('LSLLAMA_TLS_CLIENT_CA'),
    )
    .addOption(
      new Option(
        '--trust-proxy <addresses>',
        'proxies that tell the addresses of clients: 10.0.0.1,192.168.0.0/16',
      )
        .env('LSLLAMA_TRUST_PROXY')
        .argParser(addressList),
    )
    .addOption(
      switchOption(
        '--allow-reload',
        'LSLLAMA_ALLOW_RELOAD',
        'let callers have models loaded again: POST /models/{name}/reload',
      ),
    )
    .addOption(
      switchOption('--watch', 'LSLLAMA_WATCH', 'load, replace and remove models when their folders change'),
    )
    .addOption(
      new Option(
        '--require-signature <file>',
        'load only model folders that are signed; the public key, in PEM',
      )
        .env('LSLLAMA_REQUIRE_SIGNATURE')
        .argParser(readPublicKey),
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
      new Option('--timeout-ms <n>', 'how long a request waits for its answer if it does not say')
        .env('LSLLAMA_TIMEOUT_MS')
        .default(60_000)
        .argParser(wholeNumber(1, MAX_TIMEOUT_MS)),
    )
    .addOption(
      new Option('--max-timeout-ms <n>', 'the longest timeout_ms that a request may have')
        .env('LSLLAMA_MAX_TIMEOUT_MS')
        .default(600_000)
        .argParser(wholeNumber(1, MAX_TIMEOUT_MS)),
    )
    .addOption(
      new Option(
        '--access-log <share>',
        'log this share of requests, from 0 to 1; unless it is 0, also all that the service failed',
      )
        .env('LSLLAMA_ACCESS_LOG')
        .default(0)
        .argParser(share),
    )
    .addOption(
      switchOption(
        '--log-texts',
        'LSLLAMA_LOG_TEXTS',
        'log the bodies of requests, with the texts of callers',
      ),
    )
    .addOption(
      new Option('--log-level <level>', 'the least severe messages that are logged')
        .env('LSLLAMA_LOG_LEVEL')
        .default('info')
        .choices(['debug', 'info', 'warn', 'error']),
    )
    .action(async (_options: ServeFlags, serveCommand: Command) => {
      const { config } = serveCommand.opts<ServeFlags>();
      if (config !== undefined) applyConfig(serveCommand, config);
      await serve(serveCommand.opts<ServeFlags>());
    });
}

/**
 * A signal that follows another one within this time is the same one. On Ctrl-C the terminal sends SIGINT to npm and to
 * this process, and npm passes it on. Milliseconds.
 */
const SAME_SIGNAL_MS = 500;

async function serve(flags: ServeFlags): Promise<void> {
  if (flags.timeoutMs > flags.maxTimeoutMs) {
    throw new UserError(
      `--timeout-ms: expected at most ${flags.maxTimeoutMs}, which is --max-timeout-ms, found ${flags.timeoutMs}`,
    );
  }
  const { log, progress } = createLogger(flags.logLevel);
  const service = await startService(flags, log, {
    onProgress: (name, stage) => progress.update(name, stage),
    onReady(model) {
      progress.end(model.name);
      for (const note of notesOf(model.manifest)) log.info({ model: model.name }, note);
    },
    onFailed: name => progress.end(name),
  });
  log.info({ url: service.url, admin_url: service.adminUrl }, 'listening while the models load');
  let stoppedAt: number | undefined;
  const stop = (signal: NodeJS.Signals) => {
    if (stoppedAt !== undefined) {
      if (performance.now() - stoppedAt > SAME_SIGNAL_MS) process.exit(1);
      return;
    }
    stoppedAt = performance.now();
    log.info(
      { signal },
      'shutting down after the accepted requests are answered (signal again to stop at once)',
    );
    service.close().then(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  const ready = await service.loaded;
  if (stoppedAt !== undefined) return;
  if (ready.length === 0) return log.error('no model is ready: each of them failed, for the reason above');
  ready.sort((a, b) => (a.name < b.name ? -1 : 1));
  const seconds = Math.round(performance.now() / 1000);
  const command = curlCommand(service.url, ready, flags.apiKey !== undefined || flags.apiKeys !== undefined);
  log.info(`ready on ${service.url} after ${seconds} s. Try: ${command}`);
}

/**
 * Logs to standard error, because standard output is for results. On a terminal these are readable lines above the bars
 * of progress, elsewhere JSON, in which progress is logged as well.
 */
function createLogger(level: string): { log: Logger; progress: Progress } {
  if (process.stderr.isTTY) {
    const bars = new Bars(process.stderr);
    const format = prettyFactory({ ignore: 'pid,hostname', translateTime: 'HH:MM:ss', singleLine: true });
    return {
      log: pino({ level }, { write: line => bars.print(format(line)) }),
      progress: new Progress(bars.view),
    };
  }
  const log = pino({ level }, pino.destination({ dest: 2, sync: true }));
  const lines = linesView(({ name, stage, done, total }) =>
    log.info({ model: name, stage, percent: percent(done, total ?? done) }, 'model loading'),
  );
  return { log, progress: new Progress(lines) };
}
