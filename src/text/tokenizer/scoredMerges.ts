// SentencePiece keeps a score for each piece and joins the neighbours that make the best one. The tokenizers library
// keeps a list of merges: the same, in the order in which transformers lists them (generate_merges).

import type { TokenizerKeys } from './ggufMetadata.js';
import { type GgufVocabulary, NORMAL } from './ggufVocabulary.js';

/** SentencePiece's own pieces are of 16 characters unless it was told otherwise. */
const LONGEST_PIECE = 256;

/** Two pieces that make a third, with their lengths in characters. */
interface Split {
  readonly parts: [left: string, right: string];
  readonly lengths: [left: number, right: number];
}

/** Throws UserError where the scores leave open which of two pieces is made first. */
export function scoredMerges(keys: TokenizerKeys, vocabulary: GgufVocabulary): [string, string][] {
  const scores = keys.numbers('scores', vocabulary.size);
  const pieces = new Map(
    vocabulary.tokens.filter(({ type }) => type === NORMAL).map(({ content, id }) => [content, scores[id]!]),
  );
  const pieceByScore = new Map<number, string>();
  const merges: (Split & { readonly score: number })[] = [];
  for (const [piece, score] of pieces) {
    if (!Number.isFinite(score)) throw keys.bad('scores', 'numbers', score);
    const splits = splitsOf(keys, piece, pieces);
    if (splits.length === 0) continue;
    const other = pieceByScore.get(score);
    if (other !== undefined && !(SPACES.test(piece) && SPACES.test(other))) {
      throw keys.bad('scores', `a score of its own for ${JSON.stringify(piece)}`, `that of ${other}`);
    }
    pieceByScore.set(score, piece);
    for (const split of splits) merges.push({ ...split, score });
  }
  merges.sort((a, b) => b.score - a.score || b.lengths[0] - a.lengths[0] || b.lengths[1] - a.lengths[1]);
  return merges.map(({ parts }) => parts);
}

/** LLaMA's runs of spaces all have the same low score: what is made of them is made from the left either way. */
const SPACES = /^▁+$/;

/** Every pair of pieces that makes the piece. */
function splitsOf(keys: TokenizerKeys, piece: string, pieces: ReadonlyMap<string, number>): Split[] {
  const characters = [...piece];
  if (characters.length > LONGEST_PIECE) {
    throw keys.bad('tokens', `pieces of at most ${LONGEST_PIECE} characters`, piece);
  }
  const splits: Split[] = [];
  let end = 0;
  for (let i = 1; i < characters.length; i++) {
    end += characters[i - 1]!.length;
    const [left, right] = [piece.slice(0, end), piece.slice(end)];
    if (pieces.has(left) && pieces.has(right)) {
      splits.push({ parts: [left, right], lengths: [i, characters.length - i] });
    }
  }
  return splits;
}
