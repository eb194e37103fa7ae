// The error of a run whose numbers became infinite, or none at all.

import { UserError } from '../errors.js';

/** `found` names what is no number any more, and where. */
export function diverged(found: string): UserError {
  return new UserError(
    `${found}: give a smaller --lr, with --resume to go on from the state that was saved last`,
  );
}
