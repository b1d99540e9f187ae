// A real Prometheus for tests: scrapes what it is told, answers PromQL, ends with the test and leaves nothing.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { Scope } from './envoy-process.ts';
import { createJournal } from './journal.ts';
import { freePort } from './ports.ts';
import { until } from './until.ts';

export interface Scrape {
  readonly job: string;
  /** `127.0.0.1:50500`. */
  readonly target: string;
  /** `/metrics` if absent. */
  readonly path?: string;
  /** 250 if absent; recording rules are evaluated as often as the first job is scraped. */
  readonly intervalMs?: number;
  /** Labels of the target. */
  readonly labels?: Readonly<Record<string, string>>;
  /** metric_relabel_configs. */
  readonly relabel?: readonly unknown[];
}

export interface PrometheusOptions {
  readonly t: Scope;
  readonly scrape: readonly Scrape[];
  readonly rulesFiles?: readonly string[];
}

export interface PrometheusSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Prometheus {
  readonly url: string;
  /** An instant query that gives a vector, as of now. Throws with Prometheus's words. */
  query(promql: string): Promise<readonly PrometheusSample[]>;
  stop(): Promise<void>;
}

const defaultIntervalMs = 250;

const answerSchema = z.object({
  data: z.object({
    resultType: z.literal('vector'),
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) })),
  }),
});

/** Resolves when it answers; what it scrapes need not be there yet. Its first scrape comes some five seconds later. */
export async function startPrometheus({ t, scrape, rulesFiles = [] }: PrometheusOptions): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'sp-prometheus-'));
  const file = join(folder, 'prometheus.yml');
  // JSON is YAML.
  await writeFile(file, JSON.stringify(configOf(scrape, rulesFiles)));
  const address = `127.0.0.1:${await freePort()}`;
  const storage = ['--storage.tsdb.path', join(folder, 'data')];
  const args = ['--config.file', file, ...storage, '--web.listen-address', address, '--log.level', 'warn'];
  const child = spawn('prometheus', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const log = createJournal<string>('log of Prometheus');
  createInterface({ input: child.stderr }).on('line', (line) => log.push(line));
  const exited = once(child, 'close');
  exited.catch(() => undefined); // that it could not be started is seen below

  async function stop(): Promise<void> {
    if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) await exited;
    await rm(folder, { recursive: true, force: true });
  }
  t.after(stop);

  const url = `http://${address}`;
  const ready = async () => {
    if (child.pid === undefined || child.exitCode !== null) return 'ended';
    return (await fetch(`${url}/-/ready`)).ok ? 'ready' : undefined;
  };
  if ((await until('Prometheus is ready', ready, 20_000)) === 'ended') {
    throw new Error(`Prometheus ended:\n${log.items.slice(-20).join('\n')}`);
  }
  return {
    url,
    stop,
    async query(promql) {
      const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(promql)}`);
      const body: unknown = await response.json();
      if (!response.ok) throw new Error(`${promql}: ${JSON.stringify(body)}`);
      const { data } = answerSchema.parse(body);
      return data.result.map(({ metric, value: [, value] }) => ({ labels: metric, value: Number(value) }));
    },
  };
}

function configOf(scrape: readonly Scrape[], rulesFiles: readonly string[]): object {
  return {
    global: { evaluation_interval: duration(scrape[0]?.intervalMs) },
    rule_files: rulesFiles,
    scrape_configs: scrape.map(({ job, target, path = '/metrics', intervalMs, labels = {}, relabel = [] }) => ({
      job_name: job,
      metrics_path: path,
      scrape_interval: duration(intervalMs),
      scrape_timeout: duration(intervalMs),
      static_configs: [{ targets: [target], labels }],
      metric_relabel_configs: relabel,
    })),
  };
}

function duration(intervalMs = defaultIntervalMs): string {
  return `${intervalMs}ms`;
}
