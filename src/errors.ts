// Errors whose message is meant for the person who runs the program.

/** Something the user brought is not usable. The message says what was expected, what was found, and where. */
export class UserError extends Error {
  override readonly name = 'UserError';
}
