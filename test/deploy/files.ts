// The files under deploy/ and the queries in them.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ROOT, readJson } from '../support/fixtures.js';

export const DEPLOY = join(ROOT, 'deploy');
export const CHART = join(DEPLOY, 'helm/lsllama');
export const RULES = join(DEPLOY, 'prometheus/rules.yaml');
export const RULE_TESTS = join(DEPLOY, 'prometheus/rules.test.yaml');
export const DASHBOARD = join(DEPLOY, 'grafana/lsllama.json');

export interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
}

export interface RuleFile {
  readonly groups: readonly {
    readonly name: string;
    readonly interval?: string;
    readonly rules: readonly Rule[];
  }[];
}

interface Dashboard {
  readonly panels: readonly {
    readonly type: string;
    readonly title: string;
    readonly targets?: readonly {
      readonly refId: string;
      readonly expr: string;
      readonly legendFormat: string;
    }[];
    readonly fieldConfig?: { readonly defaults: { readonly unit: string } };
  }[];
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr: string }[] };
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly query: string | { readonly query: string } }[];
  };
}

/** A query, and where it stands. */
export interface Query {
  readonly name: string;
  readonly expr: string;
}

export function readYaml(path: string): unknown {
  return parse(readFileSync(path, 'utf8'));
}

export function ruleFile(): RuleFile {
  return readYaml(RULES) as RuleFile;
}

export function rules(): Rule[] {
  return ruleFile().groups.flatMap(group => group.rules);
}

const dashboard = () => readJson(DASHBOARD) as Dashboard;

/** The queries of the panels, with Grafana's variables filled in: everything is chosen, rates are over `seconds`. */
export function panelQueries(seconds: number): Query[] {
  return dashboard().panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ refId, expr }) => ({ name: `${title} ${refId}`, expr: filled(expr, seconds) })),
  );
}

/** A panel that shows lines over time. */
export interface Panel {
  readonly title: string;
  /** By the name that Grafana has for it. */
  readonly unit: string;
  readonly targets: readonly { readonly expr: string; readonly legend: string }[];
}

/** The panels with lines over time, filled in like `panelQueries`. */
export function timePanels(seconds: number): Panel[] {
  return dashboard()
    .panels.filter(({ type }) => type === 'timeseries')
    .map(({ title, targets = [], fieldConfig }) => ({
      title,
      unit: fieldConfig!.defaults.unit,
      targets: targets.map(({ expr, legendFormat }) => ({
        expr: filled(expr, seconds),
        legend: legendFormat,
      })),
    }));
}

/** The queries of the dashboard's annotations and variables, filled in like those of the panels. */
export function otherQueries(seconds: number): Query[] {
  const { annotations, templating } = dashboard();
  const variables = templating.list.flatMap(({ name, query }) => {
    // label_values(SERIES, LABEL) is a function of Grafana.
    const series = typeof query === 'object' && /^label_values\((.*), \w+\)$/.exec(query.query)?.[1];
    return series ? [{ name: `variable ${name}`, expr: series }] : [];
  });
  return [...annotations.list, ...variables].map(({ name, expr }) => ({ name, expr: filled(expr, seconds) }));
}

function filled(expr: string, seconds: number): string {
  return expr
    .replaceAll(/\$__(rate_interval|range)/g, `${seconds}s`)
    .replaceAll(/"\$(job|model)"/g, '".*"')
    .replaceAll('"$route"', '"/classify|/ner"');
}

/** The values of the chart with which `helm lint` and `helm template` are tried, by the names of their files. */
export function chartExamples(): string[] {
  return readdirSync(join(CHART, 'ci')).map(name => join(CHART, 'ci', name));
}
