// @ts-check
// Replaces the names of people in the text on standard input.
// usage: node examples/redact-names.mjs URL < text

import { text as read } from 'node:stream/consumers';
import { createClient } from 'lsllama/client';

const [url] = process.argv.slice(2);
if (!url) {
  console.error('usage: node examples/redact-names.mjs URL < text');
  process.exit(2);
}
const client = createClient({ baseUrl: url, ...(process.env.LSLLAMA_API_KEY && { apiKey: process.env.LSLLAMA_API_KEY }) });
const text = await read(process.stdin);
// JavaScript counts characters in UTF-16 units.
const { data, error } = await client.POST('/ner', { body: { inputs: text, offset_unit: 'utf16' } });
if (!data) throw new Error(error.detail);
let redacted = '';
let end = 0;
for (const entity of data.results[0].entities) {
  if (entity.label !== 'PER') continue;
  redacted += `${text.slice(end, entity.start)}[name]`;
  end = /** @type {number} */ (entity.end);
}
process.stdout.write(redacted + text.slice(end));
