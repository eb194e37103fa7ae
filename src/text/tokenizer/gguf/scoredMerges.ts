// The merges of a SentencePiece vocabulary. SentencePiece scores each piece, and joins the two neighbours that make the
// piece of the best score. The tokenizers library has a list of merges instead, which transformers makes from the
// scores (generate_merges). This does the same, in the same order.

import type { TokenizerKeys } from './metadata.js';
import { type GgufVocabulary, NORMAL } from './vocabulary.js';

/** In characters. SentencePiece makes pieces of at most 16 characters unless a training option raises that. */
const MAX_PIECE_LENGTH = 256;

/** Two pieces that make a third, with their lengths in characters. */
interface Split {
  readonly parts: [left: string, right: string];
  readonly lengths: [left: number, right: number];
}

/**
 * The merges in the order in which they apply.
 * Throws UserError if scores are no numbers, or two pieces have the same score, so that their order is open.
 */
export function scoredMerges(keys: TokenizerKeys, vocabulary: GgufVocabulary): [string, string][] {
  const scores = keys.numbers('scores', vocabulary.size);
  const pieces = new Map(
    vocabulary.tokens.filter(({ type }) => type === NORMAL).map(({ content, id }) => [content, scores[id]!]),
  );
  const pieceByScore = new Map<number, string>();
  const merges: (Split & { readonly score: number })[] = [];
  for (const [piece, score] of pieces) {
    if (!Number.isFinite(score)) throw keys.invalid('scores', 'finite numbers', score);
    const splits = splitsOf(keys, piece, pieces);
    if (splits.length === 0) continue;
    const other = pieceByScore.get(score);
    if (other !== undefined && !(SPACES.test(piece) && SPACES.test(other))) {
      const names = `${JSON.stringify(other)} and ${JSON.stringify(piece)}`;
      throw keys.invalid('scores', `different scores for ${names}`, score);
    }
    pieceByScore.set(score, piece);
    for (const split of splits) merges.push({ ...split, score });
  }
  merges.sort((a, b) => b.score - a.score || b.lengths[0] - a.lengths[0] || b.lengths[1] - a.lengths[1]);
  return merges.map(({ parts }) => parts);
}

/**
 * LLaMA's runs of spaces all have one low score. Their order does not matter: the ids are made from the left anyway.
 */
const SPACES = /^▁+$/;

/** Every pair of pieces that makes the piece. */
function splitsOf(keys: TokenizerKeys, piece: string, pieces: ReadonlyMap<string, number>): Split[] {
  const characters = [...piece];
  if (characters.length > MAX_PIECE_LENGTH) {
    throw keys.invalid('tokens', `pieces of at most ${MAX_PIECE_LENGTH} characters`, piece);
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
