// @ts-check
// Routes support tickets: each line of standard input is a ticket {"id", "text"}, and is appended to the file of its team.
// usage: node examples/ticket-router.mjs URL FOLDER < tickets.jsonl

import { appendFileSync, mkdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createClient } from 'lsllama/client';

/** Below this probability a person decides. */
const SURE = 0.9;
/** Tickets in one request. */
const AT_ONCE = 32;

const [url, folder] = process.argv.slice(2);
if (!url || !folder) {
  console.error('usage: node examples/ticket-router.mjs URL FOLDER < tickets.jsonl');
  process.exit(2);
}
const client = createClient({ baseUrl: url, ...(process.env.LSLLAMA_API_KEY && { apiKey: process.env.LSLLAMA_API_KEY }) });
mkdirSync(folder, { recursive: true });
/** @type {Map<string, number>} */
const counts = new Map();

/** @param {{ id: number, text: string }[]} tickets */
async function route(tickets) {
  const { data, error } = await client.POST('/classify', { body: { inputs: tickets.map(({ text }) => text) } });
  if (!data || !('results' in data)) throw new Error(error?.detail ?? 'the service sent no results');
  for (const [i, { label, score }] of data.results.entries()) {
    const team = score >= SURE ? label : 'to people';
    const file = `${folder}/${team.replaceAll(/[^\w-]/g, '_')}.jsonl`;
    appendFileSync(file, `${JSON.stringify({ ...tickets[i], label, score })}\n`);
    counts.set(team, (counts.get(team) ?? 0) + 1);
  }
}

/** @type {{ id: number, text: string }[]} */
let waiting = [];
for await (const line of createInterface({ input: process.stdin })) {
  waiting.push(JSON.parse(line));
  if (waiting.length < AT_ONCE) continue;
  await route(waiting);
  waiting = [];
}
if (waiting.length > 0) await route(waiting);
for (const [team, count] of [...counts].sort()) console.log(`${team}: ${count}`);
