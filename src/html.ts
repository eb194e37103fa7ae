// HTML for people who look at reports: one file that loads nothing else.

/** A text as the content of an element or an attribute in double quotes. */
export function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
  };
  return text.replace(/[&<>"]/g, character => entities[character]!);
}
