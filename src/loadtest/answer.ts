// What became of a request.

export interface Answer {
  /** `ok`, an HTTP status such as `429`, or the name of another failure such as `ECONNREFUSED`. */
  readonly outcome: string;
  /** The failure in full: the server's words, or what the connection says. */
  readonly detail?: string;
  /** Texts that were answered; 1 if it is left out. */
  readonly texts?: number;
  /** The tokens of these texts, where the server tells them. */
  readonly tokens?: number | undefined;
}

/** Sends one request. It never rejects. */
export type Send = () => Promise<Answer>;
