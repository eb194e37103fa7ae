// Which texts each request of a load test has.

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
/** Letters of the word that makes a text unique: twelve million words, of about three tokens each. */
const LENGTH = 5;

/** Puts `size` texts in each request. The last one is filled up from the start of the texts. */
export function grouped(texts: readonly string[], size: number): string[][] {
  const at = (index: number) => texts[index % texts.length]!;
  return Array.from({ length: Math.ceil(texts.length / size) }, (_, group) =>
    Array.from({ length: size }, (_, i) => at(group * size + i)),
  );
}

/**
 * Returns a function that gives the texts of the next request, in the order of the data, which starts again at its end.
 * Where they are to be unique, each text begins with a word that is drawn at random. It stands at the beginning because
 * most servers cut long texts at their end.
 */
export function requestTexts(
  requests: readonly (readonly string[])[],
  unique: boolean,
): () => readonly string[] {
  let next = 0;
  return () => {
    const texts = requests[next++ % requests.length]!;
    return unique ? texts.map(text => `${randomWord()} ${text}`) : texts;
  };
}

function randomWord(): string {
  return Array.from({ length: LENGTH }, () => LETTERS[Math.floor(Math.random() * LETTERS.length)]).join('');
}
