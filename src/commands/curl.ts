// A request that a new user can copy from the screen: the curl command for one of the models that are served.

import type { Task } from '../model/manifest.js';
import type { LoadedModel } from '../predictor/model.js';
import { shellWord } from './shell.js';

const REQUESTS: Readonly<Record<Task, { readonly path: string; readonly text: string }>> = {
  sequence: { path: '/classify', text: 'The central bank raised interest rates again on Thursday.' },
  token: { path: '/ner', text: 'Angela Merkel met executives of Siemens in Munich.' },
};

/**
 * The command that asks the first of `models`. The request names the model where another one has the same task. The
 * command reads a key that the service demands from LSLLAMA_API_KEY, so that no log holds the key.
 */
export function curlCommand(url: string, models: readonly LoadedModel[], needsKey: boolean): string {
  const { name, manifest } = models[0]!;
  const { path, text } = REQUESTS[manifest.task];
  const isAmbiguous = models.filter(model => model.manifest.task === manifest.task).length > 1;
  const body = JSON.stringify({ inputs: text, ...(isAmbiguous && { model: name }) });
  return [
    `curl ${shellWord(url + path)}`,
    `-H 'content-type: application/json'`,
    ...(needsKey ? ['-H "authorization: Bearer $LSLLAMA_API_KEY"'] : []),
    `-d ${shellWord(body)}`,
  ].join(' ');
}
