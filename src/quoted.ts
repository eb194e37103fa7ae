// Quotes what callers sent in messages to them, so that no answer is as large as the request that it refuses.

/** The most UTF-16 units of a caller's text in a message. */
const LONGEST = 100;

/** The text, or its start if it is long. */
export function shortened(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST).toWellFormed()}…`;
}

/** The text as a JSON string, or its start if it is long. */
export function quoted(text: string): string {
  return JSON.stringify(shortened(text));
}
