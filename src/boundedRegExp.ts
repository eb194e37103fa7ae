// Regular expressions from users' files. Some take time that doubles with each character of the text.

import { createContext, Script } from 'node:vm';
import { UserError } from './errors.js';
import { quoted } from './quoted.js';

const MAX_MILLISECONDS = 1000;

/** Only a script that runs in a context of node:vm can be given a time limit. */
const context: { search?: () => RegExpExecArray | null } = createContext({});
const script = new Script('search()');

/**
 * Throws UserError where a search takes longer than a second, or the expression is too large. A search costs about
 * 0.1 ms more than with RegExp.
 */
export class BoundedRegExp extends RegExp {
  override exec(text: string): RegExpExecArray | null {
    context.search = () => super.exec(text);
    try {
      return script.runInContext(context, { timeout: MAX_MILLISECONDS }) as RegExpExecArray | null;
    } catch (error) {
      // A long expression is found too large when it is first used.
      if (error instanceof SyntaxError) {
        throw new UserError(
          `the regular expression ${this.source}: expected a shorter one, found one that is too large`,
        );
      }
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      throw new UserError(
        `the regular expression ${this.source}: expected one that is searched for in less than ${MAX_MILLISECONDS / 1000} s, found that it takes longer on ${quoted(text)}`,
      );
    }
  }
}
