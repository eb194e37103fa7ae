// How tokens become entities in transformers' pipeline("token-classification").

export const AGGREGATION_STRATEGY = ['none', 'simple', 'first', 'average', 'max'] as const;

/**
 * `none`: each token is an entity of its own. `simple`: neighbours of one type are joined. The others first decide on one
 * label for each word: that of its first token, that of the mean of its tokens' probabilities, or that of its most
 * confident token.
 */
export type AggregationStrategy = (typeof AGGREGATION_STRATEGY)[number];
