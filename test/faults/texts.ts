// Requests for both shipped models, from their goldens: each text alone, and with others in one request.

import { join } from 'node:path';
import { ROOT, readJsonLines } from '../support/fixtures.js';

export function newsTexts(): string[] {
  return (readJsonLines(join(ROOT, 'test/fixtures/shipped/news.jsonl')) as { text: string }[]).map(
    ({ text }) => text,
  );
}

export function goldenRequests(): { readonly route: string; readonly body: string }[] {
  const news = newsTexts();
  const words = (
    readJsonLines(join(ROOT, 'test/fixtures/shipped/entities.jsonl')) as { tokens: string[] }[]
  ).map(({ tokens }) => tokens);
  return [
    ...news.map(inputs => ({ route: '/classify', body: { inputs } })),
    ...news.map((text, i) => ({
      route: '/classify',
      body: { inputs: [text, `${text} ${news[(i + 5) % news.length]}`] },
    })),
    ...words.map(tokens => ({ route: '/ner', body: { tokens: [tokens] } })),
    ...words.map(tokens => ({ route: '/ner', body: { inputs: tokens.join(' '), tags: true } })),
  ].map(({ route, body }) => ({ route, body: JSON.stringify(body) }));
}
