// A receiver of OTLP over HTTP, which reads just as much of the protocol as the tests need:
// https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  /** Nanoseconds of Unix time. */
  readonly start: bigint;
  readonly end: bigint;
  readonly attributes: Readonly<Record<string, string | bigint>>;
  /** 2 is an error. */
  readonly status: bigint;
  readonly service: string;
}

export async function startReceiver(): Promise<{ url: string; spans: ReceivedSpan[]; close(): void }> {
  const spans: ReceivedSpan[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const isGzip = request.headers['content-encoding'] === 'gzip';
    if (request.url === '/v1/traces') spans.push(...readSpans(isGzip ? gunzipSync(body) : body));
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, spans, close: () => server.close() };
}

type Field = Buffer | bigint;

/** The fields of a message by their numbers: https://protobuf.dev/programming-guides/encoding */
function fieldsOf(message: Buffer): Map<number, Field[]> {
  const fields = new Map<number, Field[]>();
  let position = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[position++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (position < message.length) {
    const tag = Number(varint());
    const number = tag >> 3;
    let value: Field;
    if ((tag & 7) === 0) value = varint();
    else if ((tag & 7) === 1) {
      value = message.readBigUInt64LE(position);
      position += 8;
    } else if ((tag & 7) === 2) {
      const length = Number(varint());
      value = message.subarray(position, position + length);
      position += length;
    } else if ((tag & 7) === 5) {
      value = BigInt(message.readUInt32LE(position));
      position += 4;
    } else throw new Error(`wire type ${tag & 7}`);
    fields.set(number, [...(fields.get(number) ?? []), value]);
  }
  return fields;
}

const messages = (message: Buffer, number: number) => (fieldsOf(message).get(number) ?? []) as Buffer[];

function readSpans(request: Buffer): ReceivedSpan[] {
  return messages(request, 1).flatMap(resourceSpans => {
    const [resource] = messages(resourceSpans, 1);
    const service = String(attributesOf(messages(resource!, 1))['service.name']);
    return messages(resourceSpans, 2).flatMap(scopeSpans =>
      messages(scopeSpans, 2).map(span => readSpan(span, service)),
    );
  });
}

function readSpan(span: Buffer, service: string): ReceivedSpan {
  const fields = fieldsOf(span);
  const bytes = (number: number) => (fields.get(number)?.[0] ?? Buffer.alloc(0)) as Buffer;
  const [status] = (fields.get(15) ?? []) as Buffer[];
  return {
    traceId: bytes(1).toString('hex'),
    spanId: bytes(2).toString('hex'),
    parentSpanId: bytes(4).toString('hex'),
    name: bytes(5).toString(),
    kind: Number(fields.get(6)?.[0] ?? 0),
    start: fields.get(7)![0] as bigint,
    end: fields.get(8)![0] as bigint,
    attributes: attributesOf((fields.get(9) ?? []) as Buffer[]),
    status: ((status && fieldsOf(status).get(3)?.[0]) ?? 0n) as bigint,
    service,
  };
}

/** Texts and whole numbers alone. */
function attributesOf(keyValues: readonly Buffer[]): Record<string, string | bigint> {
  return Object.fromEntries(
    keyValues.map(keyValue => {
      const [[key], [value]] = [messages(keyValue, 1), messages(keyValue, 2)];
      const fields = fieldsOf(value!);
      const text = fields.get(1)?.[0] as Buffer | undefined;
      return [key!.toString(), text?.toString() ?? (fields.get(3)?.[0] as bigint)];
    }),
  );
}
