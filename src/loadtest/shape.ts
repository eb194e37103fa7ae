// The shape of the requests to a kind of server and of its answers.

/** What the requests of a load test have in common. */
export interface Target {
  /** A route, or a server's root where the shape has a route of its own. */
  readonly url: URL;
  readonly model?: string | undefined;
  /** The deadline that each request asks for. Milliseconds. */
  readonly timeoutMs?: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** An answer with a status of success. */
export interface Body {
  readonly json: unknown;
  header(name: string): string | undefined;
}

export interface Shape {
  /** The route that requests are posted to. */
  readonly url: URL;
  /** The JSON of a request for one text or several. */
  request(texts: readonly string[]): object;
  /** The tokens that the server counted. */
  tokens(answer: Body): number | undefined;
}

/** Whether a URL names no route. */
export function isRoot({ pathname }: URL): boolean {
  return pathname === '/';
}
