// The HTTP server below the routes: bounds on connections and slow callers, and answers to requests that Node's parser
// refuses.

import { randomUUID } from 'node:crypto';
import { type Server, type ServerOptions, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { Problem, problemDocument } from '../api/problem.js';

/** More connections than this are closed at once. */
const MAX_CONNECTIONS = 8192;

/** A caller has 10 s for the head of a request, from the connection on, and a minute for all of it. */
export const SERVER_OPTIONS: ServerOptions = {
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  connectionsCheckingInterval: 1000,
  // Longer than proxies and clients keep an idle connection, which is a minute at most as they come. The side that closes
  // it has to be theirs: a request that they send while the service closes it is lost.
  keepAliveTimeout: 75_000,
};

/** Counts the requests whose head has arrived and whose answer is not sent yet. */
export interface RequestCount {
  readonly open: number;
}

/** Bounds the connections of a server, and has it answer with a problem what Node would answer without one. */
export function guard(server: Server): RequestCount {
  server.maxConnections = MAX_CONNECTIONS;
  const requests = { open: 0 };
  /** The connections on which an answer has begun. Another one would be read as a part of it. */
  const isAnswering = (socket: Duplex) => responses.get(socket)?.headersSent === true;
  const responses = new WeakMap<Duplex, { readonly headersSent: boolean }>();
  server.prependListener('request', (request, response) => {
    requests.open++;
    responses.set(request.socket, response);
    response.once('close', () => {
      requests.open--;
      if (responses.get(request.socket) === response) responses.delete(request.socket);
    });
  });
  // A caller may expect what it wants: the answer is the same.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  server.on('connect', (_request, socket) =>
    refuse(socket, new Problem(405, 'the service is no proxy: it does not take CONNECT')),
  );
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (!socket.writable || isAnswering(socket)) socket.destroy();
    else refuse(socket, parserProblem(error));
  });
  return requests;
}

/** https://nodejs.org/api/http.html#event-clienterror */
function parserProblem({ code, message }: NodeJS.ErrnoException): Problem {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new Problem(408, 'the request did not arrive in time');
  if (code === 'HPE_HEADER_OVERFLOW')
    return new Problem(431, 'the head of the request is larger than 16 KiB');
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW')
    return new Problem(413, 'the chunk extensions of the body are larger than 16 KiB');
  return new Problem(400, `the request is no valid HTTP: ${message}`);
}

/** Answers on a connection whose request never reached the routes, and closes it. */
function refuse(socket: Duplex, problem: Problem): void {
  const body = JSON.stringify(problemDocument(problem));
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    'connection: close',
    'content-type: application/problem+json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${randomUUID()}`,
  ];
  socket.on('error', () => socket.destroy());
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
