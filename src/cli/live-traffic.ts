// The live view of `traffic`: drawn once a second, asked for when the control plane says that something changed, until q or
// Ctrl-C. It outlives a restart of the control plane; meanwhile it shows what it knew.
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { SallyportError } from '../platform/errors.ts';
import type { FlowsBody } from '../server/wire.ts';
import type { FlowsQuery } from './api-client.ts';
import type { Cli } from './cli.ts';
import { lastingEvents } from './lasting-events.ts';
import { paintTraffic } from './output/colours.ts';
import { openScreen } from './output/screen.ts';
import { trafficFrame } from './output/traffic-frame.ts';
import type { TrafficView } from './output/traffic-table.ts';
import { createTrafficRates } from './traffic-rates.ts';

export interface LiveTraffic {
  readonly query: FlowsQuery;
  readonly view: TrafficView;
  readonly title: string;
  /** What to try where nothing is seen. */
  readonly empty: string;
  /** Said below the table. */
  readonly notes: readonly string[];
}

const drawMs = 1000;
/** Even if nothing happens: the stretch that is told goes on. */
const askMs = 15_000;
const awayNote = 'the control plane does not answer; this is what it said last';

/** `first`: an answer to begin with. Returns the last one. */
export async function showLiveTraffic(cli: Cli, options: LiveTraffic, first: FlowsBody): Promise<FlowsBody> {
  const { query, view, title, empty, notes } = options;
  const quit = new AbortController();
  const signal = AbortSignal.any([cli.signal, quit.signal]);
  const api = cli.api(signal);
  const rates = createTrafficRates();
  let body = first;
  let changed = false;
  let away = false;
  let askedAt = performance.now();

  const draw = () => {
    const lines = trafficFrame({
      flows: body.flows,
      view,
      title,
      empty,
      rate: rates.of,
      now: Date.now(),
      width: screen.columns(),
      height: screen.rows(),
      notes: away ? [...notes, awayNote] : notes,
      paint: paintTraffic,
    });
    screen.draw(lines);
  };
  const screen = openScreen((key) => {
    if (key === 'q' || key === 'Q') quit.abort();
  }, draw);

  const follow = async () => {
    const open = () => api.events('flows', {});
    for await (const { event } of lastingEvents(open, () => undefined, signal)) if (event === 'flows') changed = true;
  };

  const ask = async () => {
    changed = false;
    askedAt = performance.now();
    try {
      body = await api.flows(query);
      away = false;
    } catch (error) {
      if (!(error instanceof SallyportError && awayCodes.includes(error.code))) throw error;
      changed = true;
      away = true;
    }
  };

  const redraw = async () => {
    rates.add(body, performance.now());
    while (!signal.aborted) {
      draw();
      await delay(drawMs, undefined, { signal });
      if (changed || away || performance.now() - askedAt > askMs) await ask();
      rates.add(body, performance.now());
    }
  };

  try {
    await Promise.race([follow(), redraw(), once(signal, 'abort')]);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    quit.abort();
    screen.close();
  }
  return body;
}

const awayCodes = ['SP_NOT_UP', 'SP_CONNECTION_LOST'];
