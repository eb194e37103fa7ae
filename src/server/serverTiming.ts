// The header server-timing, which browsers show beside a request: https://www.w3.org/TR/server-timing

/** What the steps of a request took, in milliseconds. */
export interface Durations {
  /** From the arrival of the whole body until its texts are tokenised: parsing, checking and encoding. */
  encode?: number;
  /** As the scheduler has them. They are left out if no forward pass was needed. */
  queue?: number;
  inference?: number;
  /** From the arrival of the whole body until the answer is made. */
  total?: number;
}

export function serverTiming(durations: Durations): string {
  return Object.entries(durations)
    .map(([name, milliseconds]) => `${name};dur=${milliseconds.toFixed(3)}`)
    .join(', ');
}
