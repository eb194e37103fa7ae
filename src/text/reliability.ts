// Calibration of predictions: whether those with a confidence of 0.9 are right nine times out of ten.

/** A prediction, and the probability that the model gives it. */
export interface Prediction {
  readonly confidence: number;
  readonly correct: boolean;
}

export interface ReliabilityBin {
  /** Exclusive. */
  readonly from: number;
  /** Inclusive. */
  readonly to: number;
  readonly count: number;
  /** The mean confidence, and the share of correct predictions; null for an empty bin. */
  readonly confidence: number | null;
  readonly accuracy: number | null;
}

export interface Reliability {
  readonly count: number;
  /**
   * ECE: the difference between confidence and accuracy, averaged over all predictions by bins
   * (https://arxiv.org/abs/1706.04599). 0 where there are none.
   */
  readonly expected_calibration_error: number;
  readonly bins: readonly ReliabilityBin[];
}

export const BINS = 15;

/** Sorts predictions into BINS bins of equal widths. */
export function reliability(predictions: readonly Prediction[]): Reliability {
  const sums = Array.from({ length: BINS }, () => ({ count: 0, confidence: 0, correct: 0 }));
  for (const { confidence, correct } of predictions) {
    const sum = sums[Math.max(0, Math.ceil(confidence * BINS) - 1)]!;
    sum.count++;
    sum.confidence += confidence;
    sum.correct += Number(correct);
  }
  const difference = sums.reduce((total, sum) => total + Math.abs(sum.confidence - sum.correct), 0);
  return {
    count: predictions.length,
    expected_calibration_error: difference / Math.max(1, predictions.length),
    bins: sums.map(({ count, confidence, correct }, bin) => ({
      from: bin / BINS,
      to: (bin + 1) / BINS,
      count,
      confidence: count === 0 ? null : confidence / count,
      accuracy: count === 0 ? null : correct / count,
    })),
  };
}

export interface Coverage {
  readonly threshold: number;
  /** The share of predictions whose confidence is at least the threshold. */
  readonly coverage: number;
  /** The share of those that are correct; null where there are none. */
  readonly accuracy: number | null;
}

const THRESHOLDS = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99];

/** What a model that abstains below a threshold would still answer, and how well. */
export function coverageByThreshold(predictions: readonly Prediction[]): Coverage[] {
  return THRESHOLDS.map(threshold => {
    const given = predictions.filter(({ confidence }) => confidence >= threshold);
    const correct = given.filter(prediction => prediction.correct);
    return {
      threshold,
      coverage: given.length / Math.max(1, predictions.length),
      accuracy: given.length === 0 ? null : correct.length / given.length,
    };
  });
}
