export interface TokenizerJson {
  [key: string]: unknown;
}
export function mendTokenizer(json: TokenizerJson): TokenizerJson {
  return json;
}
