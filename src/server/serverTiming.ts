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

/** When the steps of a request began, on the clock of performance.now(), and what they took. */
export interface Timing {
  readonly arrived: number;
  readonly durations: Durations;
}

/** The steps one after another, each with its start and end, on the clock of performance.now(). */
export function stepsOf({ arrived, durations }: Timing): { name: string; start: number; end: number }[] {
  let start = arrived;
  const steps = (['encode', 'queue', 'inference'] as const).flatMap(name => {
    const duration = durations[name];
    if (duration === undefined) return [];
    const step = { name, start, end: start + duration };
    start = step.end;
    return [step];
  });
  if (durations.total === undefined) return steps;
  return [...steps, { name: 'answer', start, end: Math.max(start, arrived + durations.total) }];
}

export function serverTiming(durations: Durations): string {
  return Object.entries(durations)
    .map(([name, milliseconds]) => `${name};dur=${milliseconds.toFixed(3)}`)
    .join(', ');
}
