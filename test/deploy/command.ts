// npm run deploy:check: checks the files under deploy/ with the tools that will read them, and prints a line for each
// check. It fails if a check fails, or could not be done because its tool is missing.
// usage: npm run deploy:check [-- --schemas DIR] [-- --seconds N]

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { program } from 'commander';
import { isOnPath } from '../support/onPath.js';
import { stop, stopAll } from '../support/serve.js';
import { CHART, chartExamples, DEPLOY, panelQueries, RULE_TESTS, RULES, rules } from './files.js';
import { hasData, LivePrometheus } from './livePrometheus.js';
import { askOfEachKind, startMonitoredService } from './monitoredService.js';

/** How to get each tool. */
const TOOLS = {
  promtool: 'it comes with Prometheus: apt-get install prometheus, or https://prometheus.io/download',
  prometheus: 'apt-get install prometheus, or https://prometheus.io/download',
  helm: 'go install helm.sh/helm/v3/cmd/helm@v3.22.0, or https://helm.sh/docs/intro/install',
  kubeconform:
    'go install github.com/yannh/kubeconform/cmd/kubeconform@v0.7.0, or https://github.com/yannh/kubeconform',
};
type Tool = keyof typeof TOOLS;

/** A helm that was built by `go install` takes Kubernetes for a version that the chart refuses. */
const KUBERNETES = ['--kube-version', '1.33.0'];

/** Where kubeconform finds the schemas of the Prometheus Operator, KEDA and KServe, unless a folder is given. */
const CRDS_CATALOG = 'https://raw.githubusercontent.com/datreeio/CRDs-catalog/main';
const CRD_SCHEMA = '{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json';

/** How far rates reach back in the queries of the dashboard. Seconds; Prometheus scrapes every second here. */
const RATE_SECONDS = 10;

program
  .option(
    '--schemas <dir>',
    'a folder of schemas for kubeconform instead of the network: KIND-VERSION.json, GROUP/KIND_VERSION.json',
  )
  .option('--seconds <n>', 'how long the service is under load while Prometheus scrapes it', Number, 20)
  .parse();
const { schemas, seconds } = program.opts<{ readonly schemas?: string; readonly seconds: number }>();

const folder = mkdtempSync(join(tmpdir(), 'lsllama-deploy-'));
process
  .once('SIGINT', () => process.exit(130))
  .once('exit', () => {
    stopAll();
    rmSync(folder, { recursive: true, force: true });
  });

const missing = (Object.keys(TOOLS) as Tool[]).filter(tool => !isOnPath(tool));
for (const tool of missing) report(`${tool} is not installed`, [TOOLS[tool]]);

run('promtool', 'check', 'rules', RULES);
run('promtool', 'test', 'rules', RULE_TESTS);
checkChart();
for (const name of ['servingruntime.yaml', 'inferenceservice.yaml']) conform(join(DEPLOY, 'kserve', name));
await checkLiveMetrics();

/** Runs a tool, and reports what it says where it fails. Returns what it prints. */
function run(tool: Tool, ...args: readonly string[]): string | undefined {
  return runWith('', tool, ...args);
}

function runWith(input: string, tool: Tool, ...args: readonly string[]): string | undefined {
  if (missing.includes(tool)) return undefined;
  const { status, stdout, stderr } = spawnSync(tool, args, { input, encoding: 'utf8', timeout: 120_000 });
  const name = [tool, ...args.map(arg => (arg.startsWith('/') ? basename(arg) : arg))].join(' ');
  report(name, status === 0 ? [] : [stdout, stderr]);
  return status === 0 ? stdout : undefined;
}

function checkChart(): void {
  for (const values of [[], ...chartExamples().map(file => ['--values', file])]) {
    run('helm', 'lint', '--strict', '--quiet', CHART, ...values);
    const rendered = run('helm', 'template', 'news', CHART, '--namespace', 'text', ...KUBERNETES, ...values);
    if (rendered !== undefined) conform('-', rendered);
  }
}

function conform(file: string, input = ''): void {
  const locations = schemas
    ? [`${schemas}/{{.ResourceKind}}{{.KindSuffix}}.json`, `${schemas}/${CRD_SCHEMA}`]
    : ['default', `${CRDS_CATALOG}/${CRD_SCHEMA}`];
  const flags = locations.flatMap(location => ['-schema-location', location]);
  runWith(input, 'kubeconform', '-strict', '-summary', ...flags, file);
}

/** `promtool check metrics` on a running service, and a Prometheus that has to answer every query with data. */
async function checkLiveMetrics(): Promise<void> {
  if (missing.includes('promtool') && missing.includes('prometheus')) return;
  const service = await startMonitoredService(folder);
  const prometheus = missing.includes('prometheus') ? undefined : await LivePrometheus.start(service, folder);
  try {
    const end = performance.now() + seconds * 1000;
    for (let round = 0; performance.now() < end; round++) {
      await askOfEachKind(service, round);
      await sleep(100);
    }
    const metrics = await fetch(`${service.url}/metrics`);
    runWith(await metrics.text(), 'promtool', 'check', 'metrics');
    if (prometheus) await checkQueries(prometheus);
  } finally {
    await prometheus?.stop();
    await stop(service);
  }
}

async function checkQueries(prometheus: LivePrometheus): Promise<void> {
  const recorded = rules().flatMap(({ record }) => (record ? [{ name: record, expr: record }] : []));
  const queries = [...panelQueries(RATE_SECONDS), ...recorded];
  const empty: string[] = [];
  for (const query of queries) {
    if (!hasData(await prometheus.query(query.expr))) empty.push(`no data: ${query.name}: ${query.expr}`);
  }
  report(`prometheus answers ${queries.length - empty.length} of ${queries.length} queries with data`, empty);
  report('prometheus evaluates every rule', await prometheus.brokenRules());
}

/** Prints a check, and what is wrong. */
function report(check: string, problems: readonly string[]): void {
  console.log(`${problems.length === 0 ? 'ok     ' : 'FAILED '} ${check}`);
  for (const problem of problems.filter(text => text !== ''))
    console.log(problem.replaceAll(/^/gm, '        '));
  if (problems.length > 0) process.exitCode = 1;
}
