// Sends requests in turn over kept-alive connections, with as little work as possible beside the service.

import { Agent, request } from 'node:http';
import type { Send } from '../../dist/loadtest/answer.js';

const agent = new Agent({ keepAlive: true });

/** A function that sends the next of the requests, whose outcome is `ok`, another status or the name of an error. */
export function sender(
  url: string,
  requests: readonly { readonly route: string; readonly body: string }[],
): Send {
  let next = 0;
  return () =>
    new Promise(resolve => {
      const { route, body } = requests[next++ % requests.length]!;
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
      const sent = request(`${url}${route}`, { agent, method: 'POST', headers }, response => {
        response.resume();
        response.on('end', () =>
          resolve({ outcome: response.statusCode === 200 ? 'ok' : String(response.statusCode) }),
        );
      });
      sent.on('error', error => resolve({ outcome: (error as NodeJS.ErrnoException).code ?? error.name }));
      sent.end(body);
    });
}
