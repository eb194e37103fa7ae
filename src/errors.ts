// Errors whose message is meant for the person who runs the program.

/** Something the user brought is not usable. The message says what was expected, what was found, and where. */
export class UserError extends Error {
  override readonly name = 'UserError';

  /** Names out of a damaged file may hold anything: the message is one line that a terminal can show. */
  constructor(message: string) {
    super(shortened(message.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, '\u{fffd}')));
  }
}

const LONGEST_MESSAGE = 1000;

/** The middle goes: what it is about stands first, what was found last. */
function shortened(message: string): string {
  if (message.length <= LONGEST_MESSAGE) return message;
  const half = LONGEST_MESSAGE / 2 - 1;
  return `${message.slice(0, half).toWellFormed()}…${message.slice(-half).toWellFormed()}`;
}
