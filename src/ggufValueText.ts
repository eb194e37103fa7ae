// Values of a GGUF file's metadata in error messages.

/** A value in words: a list by its length, a string in quotes and shortened. */
export function ggufValueText(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}…` : value);
  if (typeof value === 'object') return `a list of ${(value as ArrayLike<unknown>).length}`;
  if (typeof value === 'number' && !Number.isFinite(value)) return 'a number that is not finite';
  return String(value);
}
