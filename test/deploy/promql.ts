// What a PromQL expression reads, by the grammar that Prometheus' own web page uses.

import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';

/** Time series that an expression reads. */
export interface Selector {
  readonly metric: string;
  /** The labels that are matched. */
  readonly labels: readonly string[];
}

/** The selectors of an expression. Throws an Error that shows where it does not parse. */
export function selectorsOf(expression: string): Selector[] {
  const tree = parser.parse(expression);
  const textOf = ({ from, to }: SyntaxNode) => expression.slice(from, to);
  const selectors: Selector[] = [];
  tree.iterate({
    enter({ type, node, from }) {
      if (type.isError) throw new Error(`not PromQL at ${from}: ${expression.slice(from, from + 40)}`);
      if (type.name !== 'VectorSelector') return;
      const name = node.getChild('Identifier');
      if (!name) throw new Error(`expected the name of a metric: ${textOf(node)}`);
      const matchers = node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? [];
      const labels = matchers.map(matcher => textOf(matcher.getChild('LabelName')!));
      selectors.push({ metric: textOf(name), labels });
    },
  });
  return selectors;
}
