// The ports of the service: one for all routes, or one for callers and another for metrics and administration.

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';
import type { Logger } from 'pino';
import { UserError } from '../errors.js';
import { type TlsFiles, tlsOptions, watchTls } from './access/tls.js';
import type { RouteGroup } from './app.js';
import { guard, type RequestCount, SERVER_OPTIONS } from './connections.js';

export interface ListenOptions extends TlsFiles {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** The port of metrics and administration; 0 for any free port. They are on the other port unless it is given. */
  readonly adminPort?: number;
}

export interface Listener {
  readonly server: Server;
  /** The address that it listens on: `http://HOST:PORT` or `https://HOST:PORT`. */
  readonly url: string;
  readonly requests: RequestCount;
}

export interface Listeners {
  readonly main: Listener;
  readonly admin: Listener | undefined;
}

/**
 * Listens on every port. `appOf` makes the application of one of them. Throws UserError if an address is not free, or
 * a certificate cannot be used.
 */
export async function listenOnAll(
  options: ListenOptions,
  appOf: (group: RouteGroup) => Express,
  log: Logger,
): Promise<Listeners> {
  const { host, port, adminPort } = options;
  const tls = tlsOptions(options);
  const secure: TlsServer[] = [];
  const open = (group: RouteGroup, number: number, flag: string): Promise<Listener> => {
    if (!tls) return listen(createServer(SERVER_OPTIONS, appOf(group)), 'http', host, number, flag);
    const server = createTlsServer({ ...tls, ...SERVER_OPTIONS }, appOf(group));
    secure.push(server);
    return listen(server, 'https', host, number, flag);
  };
  const main = await open(adminPort === undefined ? 'all' : 'callers', port, '--port');
  try {
    const admin = adminPort === undefined ? undefined : await open('admin', adminPort, '--admin-port');
    if (tls) watchTls(options, secure, log);
    return { main, admin };
  } catch (error) {
    // Otherwise the open port keeps the process alive.
    main.server.close();
    throw error;
  }
}

async function listen(
  server: Server,
  protocol: string,
  host: string,
  port: number,
  flag: string,
): Promise<Listener> {
  const requests = guard(server);
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code!;
    throw new UserError(`cannot listen on port ${port} of ${host}: ${reasonOf(code, flag)}`);
  }
  const address = server.address() as AddressInfo;
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return { server, url: `${protocol}://${name}:${address.port}`, requests };
}

function reasonOf(code: string, flag: string): string {
  switch (code) {
    case 'EADDRINUSE':
      return `another program listens there: choose another port with ${flag}`;
    case 'EACCES':
      return `permission denied: choose a port above 1023 with ${flag}`;
    case 'EADDRNOTAVAIL':
      return 'this machine has no such address: choose one of its own with --host, or 0.0.0.0 for all of them';
    case 'ENOTFOUND':
      return 'no such host: choose an address of this machine with --host, or 0.0.0.0 for all of them';
    default:
      return code;
  }
}
