// The parts of a text's tokens that are read in one forward pass each.

/** Tokens [start, end). */
export interface TokenRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Windows of at most `room` tokens that overlap by `stride`, as `return_overflowing_tokens` of transformers has them: from
 * the left on, or from the right on for a tokenizer that truncates on the left. Without a stride only the first one. No
 * window if there is no token.
 */
export function tokenWindows(
  count: number,
  room: number,
  stride: number | undefined,
  truncationSide: 'left' | 'right',
): TokenRange[] {
  if (count === 0) return [];
  const step = room - (stride ?? 0);
  const windows = stride === undefined ? 1 : 1 + Math.max(0, Math.ceil((count - room) / step));
  return Array.from({ length: windows }, (_, window) => {
    const passed = window * step;
    return truncationSide === 'right'
      ? { start: passed, end: Math.min(count, passed + room) }
      : { start: Math.max(0, count - passed - room), end: count - passed };
  });
}
