// Errors with a message for the person who runs the program.

/** The user's input cannot be used. The message says what was expected, what was found, and where. */
export class UserError extends Error {
  override readonly name = 'UserError';

  constructor(message: string) {
    super(shortened(oneLine(message)));
  }
}

/**
 * The service does not do what was asked, as may happen at any time. It has no stack trace, which nobody reads, and which
 * takes a tenth of the time in which a request is refused under overload.
 */
export class Refusal extends Error {
  constructor(message: string) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** A text as one line that a terminal can show, because names from a damaged file may hold any character. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, '\u{fffd}');
}

/** The length of the longest message, in UTF-16 units. */
const MAX_LENGTH = 1000;

/** Cuts out the middle of a long message: its subject is at the start, and the value that was found at the end. */
function shortened(message: string): string {
  if (message.length <= MAX_LENGTH) return message;
  const half = MAX_LENGTH / 2 - 1;
  return `${message.slice(0, half).toWellFormed()}…${message.slice(-half).toWellFormed()}`;
}
