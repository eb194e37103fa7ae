// How a pair of texts is cut: tokens are taken from the longer one first.

/**
 * The tokens that are left of two texts, of `a` and `b` tokens, where both have room for `max` tokens together.
 * As the tokenizers library does with its strategy longest_first: the shorter text is cut only where it has more than half
 * of the room; then both have half of it, and the longer one has the odd token.
 */
export function longestFirst(a: number, b: number, max: number): readonly [number, number] {
  if (a + b <= max) return [a, b];
  const shorter = Math.min(a, b, Math.floor(max / 2));
  const longer = max - shorter;
  return a <= b ? [shorter, longer] : [longer, shorter];
}
