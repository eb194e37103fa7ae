// The dashboard, the recording rules and the alerts read metrics that a service has, by labels that they have.
// `npm run deploy:check` tries the same files with promtool and Prometheus.

import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/fixtures.js';
import { stop } from '../support/service.js';
import { otherQueries, panelQueries, RULE_TESTS, readYaml, rules } from './files.js';
import { askOfEachKind, startMonitoredService } from './monitoredService.js';
import { selectorsOf } from './promql.js';

/** The labels that Prometheus gives to what it scrapes, and those of Kubernetes. */
const TARGET_LABELS = ['job', 'instance', 'namespace', 'service', 'pod'];

/** The labels of each series that a service has shown. */
async function liveSeries(): Promise<Map<string, Set<string>>> {
  const service = await startMonitoredService(temporaryFolder());
  await askOfEachKind(service, 0);
  const text = await (await fetch(`${service.url}/metrics`)).text();
  await stop(service);
  const series = new Map<string, Set<string>>();
  for (const [, name, labels] of text.matchAll(/^([a-z0-9_]+)(?:\{(.*)\})? \S+$/gm)) {
    const names = [...(labels ?? '').matchAll(/(\w+)="/g)].map(([, label]) => label!);
    series.set(name!, new Set([...(series.get(name!) ?? TARGET_LABELS), ...names]));
  }
  return series;
}

/** Every query, with its name. */
const queries = [
  ...panelQueries(60),
  ...otherQueries(60),
  ...rules().map(({ record, alert, expr }) => ({ name: record ?? alert!, expr })),
];
const recorded = new Set(rules().map(({ record }) => record));
const series = await liveSeries();

it.each(queries)('$name reads what is there', ({ expr }) => {
  const selectors = selectorsOf(expr);
  expect(selectors.length).toBeGreaterThan(0);
  for (const { metric, labels } of selectors) {
    if (recorded.has(metric)) continue;
    const known = series.get(metric);
    expect(known, `${metric} is not in /metrics`).toBeDefined();
    expect(
      labels.filter(label => !known!.has(label)),
      `labels of ${metric}`,
    ).toEqual([]);
  }
});

it.each(['sum(rate(x[5m])', 'rate(x[$__interval])', 'sum by (x'])('%s is not PromQL', expression => {
  expect(() => selectorsOf(expression)).toThrow(/not PromQL/);
});

describe('rules.test.yaml', () => {
  interface RuleTests {
    readonly tests: readonly {
      readonly alert_rule_test: readonly {
        readonly alertname: string;
        readonly exp_alerts?: readonly object[];
      }[];
    }[];
  }
  const { tests } = readYaml(RULE_TESTS) as RuleTests;
  const cases = tests.flatMap(test => test.alert_rule_test);
  const alerts = rules().flatMap(({ alert }) => (alert ? [alert] : []));

  it.each(alerts)('tells when %s fires, and when it does not', alert => {
    const own = cases.filter(({ alertname }) => alertname === alert);
    expect(own.some(({ exp_alerts = [] }) => exp_alerts.length > 0)).toBe(true);
    expect(own.some(({ exp_alerts = [] }) => exp_alerts.length === 0)).toBe(true);
  });
});
