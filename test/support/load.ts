// Requests to /classify under faults: the same texts over and over, with the answers they had before the fault.

import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningService } from './service.js';

/** Texts of several lengths, so that batches differ. */
const TEXTS = Array.from({ length: 12 }, (_, i) => `the market fell again, part ${i} `.repeat(1 + (i % 4)));

export interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: string;
}

/** Sends one text, chosen by its number. */
export async function ask({ url }: RunningService, text: number): Promise<Answer> {
  const response = await fetch(`${url}/classify`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ inputs: TEXTS[text % TEXTS.length] }),
  });
  const { status, headers } = response;
  return { status, retryAfter: headers.get('retry-after'), body: await response.text() };
}

/** The answers to all texts, one after another. */
export async function expectedAnswers(service: RunningService): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  for (const text of TEXTS.keys()) answers.push(await ask(service, text));
  return answers;
}

/** Sends requests from several callers until it is stopped. `stop` resolves to the answers, with the numbers of the texts. */
export function startLoad(service: RunningService, callers = 8) {
  let isOver = false;
  const answers: { readonly text: number; readonly answer: Answer }[] = [];
  const call = async (caller: number) => {
    for (let text = caller; !isOver; text++) {
      answers.push({ text: text % TEXTS.length, answer: await ask(service, text) });
      await sleep(5);
    }
  };
  const calls = Promise.all(Array.from({ length: callers }, (_, caller) => call(caller)));
  return {
    answers,
    async stop() {
      isOver = true;
      await calls;
      return answers;
    },
  };
}
