// The Helm chart, the runtime for KServe and the files for Compose agree with the service and with each other.
// `npm run deploy:check` tries the chart with helm and kubeconform.

import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { ROOT, readJson } from '../support/fixtures.js';
import { CHART, chartExamples, DASHBOARD, DEPLOY, RULES, readYaml } from './files.js';

const { version } = readJson(join(ROOT, 'package.json')) as { readonly version: string };

type Values = Readonly<Record<string, unknown>>;
const isMap = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Values over the defaults, as Helm merges them: maps key by key, all else is replaced. */
function merged(defaults: Values, values: Values): Values {
  const entries = Object.entries(values).map(([key, value]) => {
    const standard = defaults[key];
    return [key, isMap(standard) && isMap(value) ? merged(standard, value) : value];
  });
  return { ...defaults, ...Object.fromEntries(entries) };
}

describe('the chart', () => {
  const defaults = readYaml(join(CHART, 'values.yaml')) as Values;
  const check = new Ajv({ strict: true, strictTypes: false, strictRequired: false, allErrors: true }).compile(
    readJson(join(CHART, 'values.schema.json')) as object,
  );
  const problems = (values: Values) => {
    check(merged(defaults, values));
    return (check.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  };

  it('has the version of the package', () => {
    const chart = readYaml(join(CHART, 'Chart.yaml')) as { readonly appVersion: string };
    expect(chart.appVersion).toBe(version);
  });

  it('holds the rules and the dashboard', () => {
    expect(readFileSync(join(CHART, 'files/rules.yaml'), 'utf8')).toBe(readFileSync(RULES, 'utf8'));
    expect(readFileSync(join(CHART, 'files/dashboard.json'), 'utf8')).toBe(readFileSync(DASHBOARD, 'utf8'));
  });

  it('takes its own values', () => {
    expect(problems({})).toEqual([]);
  });

  it.each(chartExamples().map(file => [basename(file), file]))('takes %s', (_, file) => {
    expect(problems(readYaml(file) as Values)).toEqual([]);
  });

  it.each([
    ['a value that it does not know', { replica: 3 }, / must NOT have additional properties/],
    [
      'a number for a setting',
      { env: { LSLLAMA_CACHE_SIZE: 0 } },
      /\/env\/LSLLAMA_CACHE_SIZE must be string/,
    ],
    ['KEDA without a Prometheus', { autoscaling: { kind: 'keda' } }, /\/autoscaling\/prometheus must match/],
    ['another autoscaler', { autoscaling: { kind: 'cron' } }, /\/autoscaling\/kind must be equal to one of/],
    ['a size without a unit of bytes', { cache: { sizeLimit: '8 GB' } }, /\/cache\/sizeLimit must match/],
    ['a relative folder of models', { models: { path: 'models' } }, /\/models\/path must match/],
  ])('refuses %s', (_, values, message) => {
    expect(problems(values)).toContainEqual(expect.stringMatching(message));
  });

  it('describes every value in its schema', () => {
    const { properties } = readJson(join(CHART, 'values.schema.json')) as { readonly properties: object };
    expect(Object.keys(properties).filter(name => name !== 'global')).toEqual(Object.keys(defaults));
  });
});

describe('KServe', () => {
  it('runs the image of this version', () => {
    const runtime = readFileSync(join(DEPLOY, 'kserve/servingruntime.yaml'), 'utf8');
    expect(runtime).toContain(`image: lsllama:${version}\n`);
  });
});

describe('Compose', () => {
  const path = join(DEPLOY, 'compose/docker-compose.yaml');
  const compose = readYaml(path) as {
    readonly services: Readonly<
      Record<string, { readonly volumes: readonly string[]; readonly build?: { readonly context: string } }>
    >;
    readonly volumes: object;
  };

  it('mounts files that exist, and volumes that it declares', () => {
    for (const { volumes, build } of Object.values(compose.services)) {
      for (const source of volumes.map(volume => volume.split(':')[0]!)) {
        if (source.startsWith('.')) expect(existsSync(join(dirname(path), source)), source).toBe(true);
        else expect(Object.keys(compose.volumes)).toContain(source);
      }
      if (build) expect(existsSync(join(dirname(path), build.context, 'Dockerfile'))).toBe(true);
    }
  });

  it('shows the dashboard in the folder where Grafana looks for it', () => {
    const provider = readYaml(join(DEPLOY, 'grafana/provisioning/dashboards/lsllama.yaml')) as {
      readonly providers: readonly { readonly options: { readonly path: string } }[];
    };
    const folder = provider.providers[0]!.options.path;
    expect(compose.services.grafana!.volumes).toContain(`../grafana/lsllama.json:${folder}/lsllama.json:ro`);
  });
});
