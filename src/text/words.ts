export interface Span {
  readonly start: number;
  readonly end: number;
}
export function splitWords(text: string): Span[] {
  return [...text.matchAll(/\S+/g)].map(m => ({ start: m.index, end: m.index + m[0].length }));
}
