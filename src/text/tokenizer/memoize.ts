// A cache of results for short texts that recur, above all words.

/**
 * Entries. At about 200 bytes each, the two caches of a tokenizer (words, pieces of text) stay below 25 MB. Its third one,
 * of words with positions, has about twice that and is filled only where positions are asked for.
 */
const CAPACITY = 50_000;
/** In UTF-16 units. Longer texts seldom recur. */
const MAX_LENGTH = 48;

/** Returns `compute` with a cache of its results, which is emptied when it is full. */
export function memoize<T>(compute: (text: string) => T): (text: string) => T {
  const results = new Map<string, T>();
  return text => {
    if (text.length > MAX_LENGTH) return compute(text);
    const cached = results.get(text);
    if (cached !== undefined) return cached;
    const result = compute(text);
    if (results.size >= CAPACITY) results.clear();
    results.set(copy(text), result);
    return result;
  };
}

/** A copy that holds its own characters. A slice would keep the whole text that it was cut from in memory. */
function copy(text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le');
}
