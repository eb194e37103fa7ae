// Traces of OpenTelemetry. The standard environment variables turn them on; unless they do, nothing of it is loaded.
// https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables

import type { Logger } from 'pino';
import { UserError } from '../../errors.js';
import { quoted } from '../../quoted.js';
import type { Tracing } from './tracing.js';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Undefined where the environment does not turn traces on, which it does by an endpoint or by OTEL_TRACES_EXPORTER=otlp.
 * Throws UserError for an exporter or a protocol that is not supported.
 */
export async function startTracing(
  log: Logger,
  environment: Environment = process.env,
): Promise<Tracing | undefined> {
  if (!isOn(environment)) return undefined;
  const protocol =
    environment.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ?? environment.OTEL_EXPORTER_OTLP_PROTOCOL ?? PROTOCOL;
  if (protocol !== PROTOCOL)
    throw new UserError(`OTEL_EXPORTER_OTLP_PROTOCOL: expected ${PROTOCOL}, found ${quoted(protocol)}`);
  const { otlpTracing } = await import('./otlp.js');
  return otlpTracing(log);
}

const PROTOCOL = 'http/protobuf';

function isOn(environment: Environment): boolean {
  if (environment.OTEL_SDK_DISABLED?.toLowerCase() === 'true') return false;
  const exporter = environment.OTEL_TRACES_EXPORTER;
  if (exporter === 'none') return false;
  if (exporter && exporter !== 'otlp')
    throw new UserError(`OTEL_TRACES_EXPORTER: expected otlp or none, found ${quoted(exporter)}`);
  const endpoint = environment.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? environment.OTEL_EXPORTER_OTLP_ENDPOINT;
  return exporter === 'otlp' || Boolean(endpoint);
}
