// Values of tables in other formats than their own.

/** A value as the text of a CSV field. Empty for none. */
export function textOfCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  const json = jsonOfCell(value);
  return typeof json === 'string' ? json : JSON.stringify(json);
}

/** A value as JSON has it: times in ISO 8601, bytes in base64, and integers over 2^53 as text. */
export function jsonOfCell(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(jsonOfCell);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, jsonOfCell(inner)]));
}
