// The answer to a row: the fields that predict writes.

import type { Manifest } from '../../model/manifest.js';
import { classify } from '../../predictor/classify.js';
import { encodeText, encodeWords, type LongText, UnusableText } from '../../predictor/encode.js';
import { locate } from '../../predictor/locate.js';
import { type LoadedModel, UNHURRIED } from '../../predictor/model.js';
import { tag } from '../../predictor/tag.js';
import { labelOrNull } from '../../predictor/thresholds.js';
import type { Decoding } from '../../text/tags.js';
import { type Example, textOf, textOrPair } from '../jsonl.js';
import type { Answer, AnswerColumn } from './rows.js';

export interface AnswerOptions {
  readonly logits?: true;
  readonly longText: LongText;
  readonly decoding?: Decoding;
  readonly abstain?: true;
  readonly threshold?: number;
}

/** The fields that answers may have, in their order. */
export function answerColumns({ task, problemType }: Manifest, { logits }: AnswerOptions): AnswerColumn[] {
  const json = (name: string): AnswerColumn => ({ name, type: 'JSON' });
  const fields: AnswerColumn[] =
    task === 'token'
      ? ['entities', 'tags', 'words'].map(json)
      : [
          { name: 'label', type: 'STRING' },
          { name: 'score', type: 'DOUBLE' },
          ...(problemType === 'regression' ? [] : [json('probabilities')]),
        ];
  return [...fields, ...(logits ? [json('logits')] : []), { name: 'error', type: 'STRING' }];
}

/** Throws UnusableText for a text that the model cannot use, and the errors of Scheduler.submit. */
export function answer(model: LoadedModel, example: Example, options: AnswerOptions): Promise<Answer> {
  return model.manifest.task === 'sequence'
    ? classifyText(model, example, options)
    : tagText(model, example, options);
}

async function classifyText(
  model: LoadedModel,
  example: Example,
  { logits: withLogits, longText, abstain, threshold }: AnswerOptions,
): Promise<Answer> {
  const text = encodeText(model, textOrPair(example), { longText });
  const [result] = await classify(model, [text], UNHURRIED, longText);
  const { score, probabilities, logits } = result!;
  const label = abstain ? labelOrNull(result!, model.manifest, threshold) : result!.label;
  return {
    label,
    score,
    ...(probabilities && { probabilities }),
    ...(withLogits && { logits: [...logits] }),
  };
}

async function tagText(
  model: LoadedModel,
  example: Example,
  { logits: withLogits, decoding }: AnswerOptions,
): Promise<Answer> {
  const text = textOf(example);
  const words = encodeWords(model, 'tokens' in example ? example.tokens : text);
  if (words.spans.length === 0) throw new UnusableText('the text is empty');
  const [tagging] = await tag(model, [words], UNHURRIED, decoding);
  const { entities, tags, logits } = tagging!;
  const located = locate(text, words.spans, entities, 'codepoint');
  return {
    entities: located.entities.map((entity, i) => ({
      ...entity,
      start_word: entities[i]!.startWord,
      end_word: entities[i]!.endWord,
    })),
    tags,
    ...('text' in example && { words: located.words }),
    ...(withLogits && { logits: logits.map(row => row && [...row]) }),
  };
}
