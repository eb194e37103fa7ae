// Results for short texts that come again and again, words above all.

/** Entries; at about 200 bytes each a tokenizer's pieces and words stay below 25 MB. */
const CAPACITY = 50_000;
/** In UTF-16 units. Longer texts seldom come twice. */
const LONGEST = 48;

/** A function that remembers what `compute` gave, and starts afresh when full. */
export function remember<T>(compute: (text: string) => T): (text: string) => T {
  const results = new Map<string, T>();
  return text => {
    if (text.length > LONGEST) return compute(text);
    const known = results.get(text);
    if (known !== undefined) return known;
    const result = compute(text);
    if (results.size >= CAPACITY) results.clear();
    results.set(copy(text), result);
    return result;
  };
}

/** A slice of a text keeps all of that text in memory; this keeps the characters alone. */
function copy(text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le');
}
