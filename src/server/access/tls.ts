// The service's certificate, and the authority whose clients it answers.

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Server } from 'node:https';
import { createSecureContext, type TlsOptions } from 'node:tls';
import type { Logger } from 'pino';
import { readError } from '../../checkpoint/files.js';
import { UserError } from '../../errors.js';
import { watchFiles } from './watchFiles.js';

/** Paths of PEM files. */
export interface TlsFiles {
  /** The certificate, followed by those that lead from it to its authority. */
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  /** The authorities of client certificates. Clients need none unless it is given. */
  readonly tlsClientCa?: string;
}

/** Connections on which the handshake takes longer are closed. */
const HANDSHAKE_MS = 10_000;

/** The options of a server; undefined where the files ask for no TLS. Throws UserError for files that cannot be used. */
export function tlsOptions(files: TlsFiles): TlsOptions | undefined {
  const { tlsCert, tlsKey, tlsClientCa } = files;
  if (tlsCert === undefined && tlsKey === undefined) {
    if (tlsClientCa === undefined) return undefined;
    throw new UserError('--tls-client-ca: expected --tls-cert and --tls-key with it, found neither');
  }
  if (tlsCert === undefined) throw new UserError('--tls-key: expected --tls-cert with it, found none');
  if (tlsKey === undefined) throw new UserError('--tls-cert: expected --tls-key with it, found none');
  const cert = readFile(tlsCert, '--tls-cert');
  const key = readFile(tlsKey, '--tls-key');
  const privateKey = parsed(tlsKey, 'a private key in PEM without a passphrase', () => createPrivateKey(key));
  if (!certificate(tlsCert, cert).checkPrivateKey(privateKey))
    throw new UserError(`${tlsKey}: expected the private key of ${tlsCert}, found another key`);
  const options = { cert, key, handshakeTimeout: HANDSHAKE_MS };
  parsed(tlsCert, 'a certificate that TLS can use', () => createSecureContext(options));
  if (tlsClientCa === undefined) return options;
  const ca = readFile(tlsClientCa, '--tls-client-ca');
  certificate(tlsClientCa, ca);
  return { ...options, ca, requestCert: true, rejectUnauthorized: true };
}

/** Gives the servers the new certificate whenever a file changes. They keep theirs where the new files do not fit. */
export function watchTls(files: TlsFiles, servers: readonly Server[], log: Logger): void {
  const paths = [files.tlsCert, files.tlsKey, files.tlsClientCa].filter(path => path !== undefined);
  watchFiles(paths, () => {
    try {
      const options = tlsOptions(files)!;
      for (const server of servers) server.setSecureContext(options);
      log.info({ file: files.tlsCert }, 'certificate read again');
    } catch (error) {
      log.error({ reason: (error as Error).message }, 'the certificate stays as it was');
    }
  });
}

function certificate(path: string, pem: Buffer): X509Certificate {
  return parsed(path, 'a certificate in PEM', () => new X509Certificate(pem));
}

function readFile(path: string, flag: string): Buffer {
  if (path === '') throw new UserError(`${flag}: expected the path of a file, found an empty one`);
  try {
    return readFileSync(path);
  } catch (error) {
    throw readError(path, error);
  }
}

function parsed<T>(path: string, expected: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new UserError(`${path}: expected ${expected} (${(error as Error).message})`);
  }
}
