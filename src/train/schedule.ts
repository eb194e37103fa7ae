// The learning rate over the steps of a run: it rises during the warm-up, then falls to zero.

export const SCHEDULES = ['linear', 'cosine'] as const;
export type Schedule = (typeof SCHEDULES)[number];

/**
 * The share of the learning rate that step `step` of `steps` has, from 0. Those of transformers:
 * get_linear_schedule_with_warmup and get_cosine_schedule_with_warmup.
 */
export function shareAt(schedule: Schedule, step: number, steps: number, warmUp: number): number {
  if (step < warmUp) return step / warmUp;
  const done = Math.min(1, (step - warmUp) / Math.max(1, steps - warmUp));
  return schedule === 'linear' ? 1 - done : (1 + Math.cos(Math.PI * done)) / 2;
}
