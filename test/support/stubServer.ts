// A small HTTP server that answers as a test says, and remembers what it was asked.

import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll } from 'vitest';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface StubAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A text is sent as it is, anything else as JSON. */
  readonly body: unknown;
}

export interface StubServer {
  readonly url: string;
  readonly asked: Asked[];
  close(): void;
}

const open = new Set<StubServer>();
afterAll(() => {
  for (const server of open) server.close();
});

/** Starts a server that ends with the test file. */
export async function startStub(
  answer: (asked: Asked) => StubAnswer | Promise<StubAnswer>,
): Promise<StubServer> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const { method = '', url = '', headers } = request;
    const each = { method, path: url, headers, body: await text(request) };
    asked.push(each);
    const { status = 200, headers: more = {}, body } = await answer(each);
    response.writeHead(status, { 'content-type': 'application/json', ...more });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const stub = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close() {
      open.delete(stub);
      server.close();
      server.closeAllConnections();
    },
  };
  open.add(stub);
  return stub;
}
