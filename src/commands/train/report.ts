// The report of a training run as a page: what came out, the loss, and how good the kept adapter is.

import type { EpochRecord, Progress } from '../../train/checkpoint.js';
import type { TrainResult } from '../../train/train.js';
import { confusionSection } from '../evaluate/classifier.js';
import { type Evaluation, type Fact, percent, type Section, scoreSection } from '../evaluate/evaluation.js';
import { evaluationPage } from '../evaluate/page.js';
import { lossFigure } from './lossFigure.js';

/** The page, in a single file that loads nothing else. `command` is what was run. */
export function trainingPage(name: string, command: string, result: TrainResult): string {
  return evaluationPage({ title: `Training of ${name}`, subtitle: command }, evaluationOf(result));
}

function evaluationOf({ progress }: TrainResult): Evaluation {
  const { records, epochs, step, steps, seconds } = progress;
  const best = bestOf(epochs);
  const facts: Fact[] = [
    ...(best ? [[best.metric, percent(best.score)] as const] : []),
    ['steps', step < steps ? `${step} of ${steps}` : String(step)],
    ['last loss', records.at(-1)!.loss.toPrecision(4)],
    ['minutes', (seconds / 60).toFixed(1)],
    ['tokens/s', tokensPerSecond(progress).toFixed(0)],
  ];
  const loss: Section = {
    title: 'Loss',
    rows: [['step', 'loss', 'learning rate']],
    figures: [lossFigure(records)],
  };
  const milestones = [0, 0.25, 0.5, 0.75, 1].map(share => Math.round(share * (records.length - 1)));
  const rows = [...new Set(milestones)].map(i => {
    const { loss: value, learningRate } = records[i]!;
    return [String(i + 1), value.toPrecision(4), learningRate.toPrecision(3)];
  });
  return {
    report: progress,
    facts,
    sections: [{ ...loss, rows: [...loss.rows, ...rows] }, ...(best ? devSections(epochs, best) : [])],
  };
}

/** The tokens that were trained on in a second, padding not counted. */
export function tokensPerSecond({ records, seconds }: Readonly<Progress>): number {
  return records.reduce((sum, record) => sum + record.tokens, 0) / seconds;
}

/** The evaluation whose adapter is kept: the first one with the best score. */
export function bestOf(epochs: readonly EpochRecord[]): EpochRecord | undefined {
  return epochs.toSorted((a, b) => b.score - a.score)[0];
}

function devSections(epochs: readonly EpochRecord[], best: EpochRecord): Section[] {
  const { report } = best;
  return [
    {
      title: 'Development set',
      rows: [
        ['after step', best.metric, ''],
        ...epochs.map(epoch => [String(epoch.step), percent(epoch.score), epoch === best ? 'kept' : '']),
      ],
    },
    scoreSection(best.metric === 'entity F1' ? 'Entities' : 'Labels', report.labels),
    ...('confusion' in report ? [confusionSection(report)] : []),
  ];
}
