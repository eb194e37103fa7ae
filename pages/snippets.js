// A request as code to copy: curl, TypeScript and Python, which need nothing but what comes with them.

/**
 * @typedef {object} Call
 * @property {string} url
 * @property {object} body holds strings and lists of strings, which JavaScript and Python write as JSON does
 * @property {boolean} needsKey whether the service asks for an API key, which the code reads from LSLLAMA_API_KEY
 */

/** @type {Readonly<Record<string, (call: Call) => string>>} */
export const SNIPPETS = {
  curl: ({ url, body, needsKey }) =>
    [
      `curl ${shellQuoted(url)}`,
      `-H 'content-type: application/json'`,
      ...(needsKey ? ['-H "authorization: Bearer $LSLLAMA_API_KEY"'] : []),
      `-d ${shellQuoted(JSON.stringify(body))}`,
    ].join(' \\\n  '),

  typescript: ({ url, body, needsKey }) => `const response = await fetch(${JSON.stringify(url)}, {
  method: "POST",
  headers: {
    "content-type": "application/json",${
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a template in the code to copy
      needsKey ? '\n    authorization: `Bearer ${process.env.LSLLAMA_API_KEY}`,' : ''
    }
  },
  body: JSON.stringify(${indented(body, '  ')}),
});
if (!response.ok) throw new Error(await response.text());
console.log(JSON.stringify(await response.json(), null, 2));`,

  python: ({ url, body, needsKey }) => `import json
${needsKey ? 'import os\n' : ''}import urllib.request

request = urllib.request.Request(
    ${JSON.stringify(url)},
    data=json.dumps(${indented(body, '    ')}).encode(),
    headers={
        "content-type": "application/json",${
          needsKey ? '\n        "authorization": f"Bearer {os.environ[\'LSLLAMA_API_KEY\']}",' : ''
        }
    },
)
with urllib.request.urlopen(request) as response:
    print(json.dumps(json.load(response), indent=2))`,
};

/**
 * The body as JSON on lines of its own, the lines after the first moved to the right.
 * @param {object} body
 * @param {string} margin
 */
function indented(body, margin) {
  return JSON.stringify(body, null, margin.length).replaceAll('\n', `\n${margin}`);
}

/**
 * The text as one word of a shell.
 * @param {string} text
 */
function shellQuoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
