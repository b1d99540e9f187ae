// The pods that belong to an object, as the lines that `describe` shows below it.
import type { KubeObject } from '../../api/object.ts';
import type { Cli } from '../cli.ts';
import { headerCells, rowCells } from './object-rows.ts';
import { formatTable } from './table.ts';

export async function ownedPodLines(
  cli: Cli,
  { metadata: { namespace = '', uid } }: KubeObject,
): Promise<readonly string[]> {
  const [{ items }, table] = await Promise.all([
    cli.api().objects('pods', { namespace }),
    cli.api().table('pods', { namespace }),
  ]);
  const isOwned = ({ metadata }: KubeObject) => metadata.ownerReferences?.some((owner) => owner.uid === uid) === true;
  const names = new Set(items.filter(isOwned).map(({ metadata }) => metadata.name));
  const rows = table.rows.filter(({ name }) => names.has(name));
  if (rows.length === 0) return ['Pods:          <none>'];
  const layout = { ...table, wide: false, withNamespace: false, withKind: false };
  const cells = rows.map((row) => rowCells(layout, row, Date.now()));
  return ['Pods:', ...formatTable(headerCells(layout), cells).map((line) => `  ${line}`)];
}
