// `get -w`: first what is there, then every change as one more row or object, until Ctrl-C.
import type { ObjectQuery } from './api-client.ts';
import { captureNoteFor } from './capture-note.ts';
import type { Cli } from './cli.ts';
import type { ObjectTarget } from './object-targets.ts';
import { formatObjects, type OutputForm } from './output/object-format.ts';
import { headerCells, type RowLayout, rowCells } from './output/object-rows.ts';
import { columnWidths, formatRow } from './output/table.ts';

export async function watchTarget(
  cli: Cli,
  target: ObjectTarget,
  query: ObjectQuery,
  form: OutputForm,
  withNamespace: boolean,
): Promise<void> {
  if (form.type !== 'table') return watchObjects(cli, target, query, form);
  const table = await cli.api().table(target.kind, query);
  const layout: RowLayout = { ...table, wide: form.wide, withNamespace, withKind: false };
  const first = [headerCells(layout), ...table.rows.map((row) => rowCells(layout, row, Date.now()))];
  const widths = columnWidths(first);
  for (const cells of first) cli.print(formatRow(cells, widths));
  await captureNoteFor(cli, [table.names]);
  for await (const { events } of cli.api().watchRows(target.kind, query, table.resourceVersion)) {
    for (const { row } of events) {
      if (row === undefined || !isMeant(target, row.name)) continue;
      cli.print(formatRow(rowCells(layout, row, Date.now()), widths));
    }
  }
}

async function watchObjects(
  cli: Cli,
  target: ObjectTarget,
  query: ObjectQuery,
  form: Exclude<OutputForm, { type: 'table' }>,
): Promise<void> {
  const whole = { ...query, defaults: true };
  const { names, items, resourceVersion } = await cli.api().objects(target.kind, whole);
  for (const object of items) cli.write(await formatObjects(form, [{ names, object }], true));
  await captureNoteFor(cli, [names]);
  for await (const { events } of cli.api().watchObjects(target.kind, whole, resourceVersion)) {
    for (const { object } of events) {
      if (object === undefined || !isMeant(target, object.metadata.name)) continue;
      cli.write(await formatObjects(form, [{ names, object }], true));
    }
  }
}

/** A watch follows a collection; one object of it may be meant. */
function isMeant(target: ObjectTarget, name: string): boolean {
  return target.name === undefined || target.name === name;
}
