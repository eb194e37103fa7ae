// A file of records that grows at its end: JSON lines or CSV. What a killed run has written of it is kept up to its last
// whole record.

import { once } from 'node:events';
import { createReadStream, statSync } from 'node:fs';
import { type FileHandle, open, truncate } from 'node:fs/promises';
import { readError } from '../../checkpoint/files.js';
import { cannotWrite } from '../jsonl.js';

export interface TextFile {
  /** Writes a piece of text, and waits if the reader is slower than the writer. Throws UserError where that fails. */
  write(text: string): Promise<void>;
  end(): Promise<void>;
}

/** Characters that are written at once. A killed run loses as many. */
const BLOCK = 1 << 16;

/** Opens a file, or standard output for `-`. `isResumed`: goes on at the file's end. Throws UserError where it cannot. */
export async function openTextFile(path: string, isResumed: boolean): Promise<TextFile> {
  if (path === '-') return { write: writeToStdout, async end() {} };
  const failed = (error: unknown): never => {
    throw cannotWrite(path, error);
  };
  const file: FileHandle = await open(path, isResumed ? 'a' : 'w').catch(failed);
  let texts: string[] = [];
  let size = 0;
  const flush = async () => {
    const block = texts.join('');
    texts = [];
    size = 0;
    await file.appendFile(block).catch(failed);
  };
  return {
    async write(text) {
      texts.push(text);
      size += text.length;
      if (size >= BLOCK) await flush();
    },
    async end() {
      await flush();
      await file.close().catch(failed);
    },
  };
}

async function writeToStdout(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}

/** Cuts off what follows the byte `end` of a file. Throws UserError where it cannot be written. */
export async function cut(path: string, end: number): Promise<void> {
  await truncate(path, end).catch(error => {
    throw cannotWrite(path, error);
  });
}

const LINE_FEED = 0x0a;
const QUOTE = 0x22;

interface Records {
  readonly records: number;
  /** Where the last of them ends. */
  readonly end: number;
  /** Of the whole file. */
  readonly size: number;
}

/**
 * The whole records of a file: lines, or in CSV lines whose line break is not in quotes, which are doubled in a field.
 * Throws UserError where the file cannot be read.
 */
export async function wholeRecords(path: string, isCsv: boolean): Promise<Records> {
  let [records, end, size, isQuoted] = [0, 0, 0, false];
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      for (let i = 0; i < chunk.length; i++) {
        const byte = chunk[i];
        if (byte === QUOTE && isCsv) isQuoted = !isQuoted;
        if (byte !== LINE_FEED || isQuoted) continue;
        records++;
        end = size + i + 1;
      }
      size += chunk.length;
    }
  } catch (error) {
    throw readError(path, error);
  }
  return { records, end, size };
}

/**
 * The number of records of a file, of which the last may have no line break. Undefined for what is no file, such as a
 * pipe, whose content can be read only once. Throws UserError where the file cannot be read.
 */
export async function countRecords(path: string, isCsv: boolean): Promise<number | undefined> {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return undefined;
  const { records, end, size } = await wholeRecords(path, isCsv);
  return size > end ? records + 1 : records;
}
