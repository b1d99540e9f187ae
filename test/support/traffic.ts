// What a mesh tells of its traffic, as a user asks for it: `traffic -o json`, `logs --decisions -o json`, `/metrics`.
import type { Decision } from '../../src/telemetry/decision.ts';
import type { Flow } from '../../src/telemetry/flow.ts';
import type { TestMesh } from './mesh.ts';

export async function flowsOf(mesh: TestMesh): Promise<readonly Flow[]> {
  const { flows }: { flows: readonly Flow[] } = JSON.parse(await mesh.run('traffic', '--since', '1h', '-o', 'json'));
  return flows;
}

/** The flow of one destination; the sum of a number that several have is the test's. */
export async function flowTo(
  mesh: TestMesh,
  host: string,
  kind: Flow['destination']['kind'],
): Promise<Flow | undefined> {
  return (await flowsOf(mesh)).find(({ destination }) => destination.host === host && destination.kind === kind);
}

export async function decisionsOf(mesh: TestMesh, ...args: readonly string[]): Promise<readonly Decision[]> {
  const lines = await mesh.run('logs', '--decisions', '-o', 'json', '--tail', '100000', ...args);
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Decision => JSON.parse(line));
}

/** The sum of all series of a metric whose labels have these words. */
export async function metricOf(mesh: TestMesh, name: string, labels: readonly string[]): Promise<number> {
  const text = await (await fetch(`http://${mesh.listen}/metrics`)).text();
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) && labels.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

export function sum<T>(items: readonly T[], number: (item: T) => number): number {
  return items.reduce((total, item) => total + number(item), 0);
}

/** Runs so many, at most 16 at a time. */
export async function repeat<T>(times: number, perform: (index: number) => Promise<T>): Promise<readonly T[]> {
  const results: T[] = [];
  let next = 0;
  const worker = async () => {
    while (next < times) results.push(await perform(next++));
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  return results;
}
