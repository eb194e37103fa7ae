// What a fault is for the suite: something that is done to a running service, and what its callers saw meanwhile.

export interface Fault {
  /** What is done, for the table and for the command line. */
  readonly name: string;
  readonly description: string;
  /** A command that has to be on the PATH, and how to install it. */
  readonly needs?: { readonly command: string; readonly install: string };
  run(options: FaultOptions): Promise<FaultResult>;
}

export interface FaultOptions {
  /** The length of a measurement under load. Seconds. */
  readonly seconds: number;
  /** Repetitions of what a fault does again and again. Each fault has its own number unless given. */
  readonly times?: number;
}

export interface FaultResult {
  readonly requests: number;
  /** Requests without an answer 200, by status or error. */
  readonly failed: Readonly<Record<string, number>>;
  /** Answers 200 that differ from the answer before the fault. */
  readonly wrong: number;
  /** What else was measured, in words. */
  readonly notes: readonly string[];
}
