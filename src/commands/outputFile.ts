// The files that commands write their results and reports to.

import { accessSync, constants } from 'node:fs';
import { replacedIn, writeWholeFile } from '../wholeFile.js';
import { cannotWrite } from './jsonl.js';

/** Throws UserError if the file cannot be written, so that this is known before the measurement. */
export function checkWritable(path: string): void {
  try {
    accessSync(replacedIn(path) ?? path, constants.W_OK);
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

/** The file appears whole or not at all. Throws UserError if it cannot be written. */
export function writeWhole(path: string, content: string): void {
  try {
    writeWholeFile(path, content);
  } catch (error) {
    throw cannotWrite(path, error);
  }
}
