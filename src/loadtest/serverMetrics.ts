// What the server itself counted during a load test, from its metrics for Prometheus.

/** Means in milliseconds, of the whole load test with its warm-up; null where the server does not count it. */
export interface ServerReport {
  /** Tokenising a request. */
  readonly tokenize: number | null;
  /** Waiting for a batch. */
  readonly queue: number | null;
  /** A forward pass. */
  readonly inference: number | null;
  /** Texts, or windows of long ones, in a forward pass. */
  readonly batch: number | null;
  /** Texts that were looked up in the result cache, and those that were found there. */
  readonly cache: { readonly lookups: number; readonly hits: number } | null;
}

/** Values of a server's metrics by name, or by name and labels. */
export type Metrics = ReadonlyMap<string, number>;

/** The names of the histograms, without their suffixes: lsllama's and those of text-embeddings-inference. Seconds. */
const TOKENIZE = ['lsllama_tokenize_duration_seconds', 'te_request_tokenization_duration'];
const QUEUE = ['lsllama_queue_duration_seconds', 'te_request_queue_duration'];
const INFERENCE = ['lsllama_inference_duration_seconds', 'te_request_inference_duration'];
const BATCH = ['lsllama_batch_requests', 'te_batch_next_size'];
const CACHE = 'lsllama_cache_requests_total';

/** Reads the metrics at `url`; undefined where the server shows none. */
export async function readMetrics(
  url: URL,
  headers: Readonly<Record<string, string>>,
): Promise<Metrics | undefined> {
  try {
    const response = await fetch(url, { headers });
    return response.ok ? parseMetrics(await response.text()) : undefined;
  } catch {
    return undefined;
  }
}

/** Parses the text format of Prometheus. Each sample is added to its name, and kept with its labels as well. */
export function parseMetrics(text: string): Metrics {
  const metrics = new Map<string, number>();
  for (const [, name, labels, number] of text.matchAll(/^([a-zA-Z_:][\w:]*)(\{.*\})?[ \t]+(\S+)/gm)) {
    const value = Number(number);
    metrics.set(name!, (metrics.get(name!) ?? 0) + value);
    if (labels) metrics.set(name! + labels, value);
  }
  return metrics;
}

/** What was counted from `before` to `after`. */
export function serverReport(before: Metrics, after: Metrics): ServerReport {
  const grown = (name: string) => (after.get(name) ?? 0) - (before.get(name) ?? 0);
  const mean = (names: readonly string[], unit: number) => {
    const name = names.find(each => grown(`${each}_count`) > 0);
    return name === undefined ? null : (grown(`${name}_sum`) / grown(`${name}_count`)) * unit;
  };
  return {
    tokenize: mean(TOKENIZE, 1000),
    queue: mean(QUEUE, 1000),
    inference: mean(INFERENCE, 1000),
    batch: mean(BATCH, 1),
    cache: after.has(CACHE) ? { lookups: grown(CACHE), hits: grown(`${CACHE}{result="hit"}`) } : null,
  };
}
