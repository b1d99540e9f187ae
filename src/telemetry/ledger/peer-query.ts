// Reads where flows went in a stretch of time: the peers of each flow, most used first.
import type { DatabaseSync } from 'node:sqlite';
import type { FlowPeer } from '../flow.ts';
import { numberIn, type Row, textIn } from './row.ts';
import { inStretch, type Stretch } from './spans.ts';

/** The function that reads the peers of flows, at most `most` of each, by the flow's number. */
export function createPeerReader(
  database: DatabaseSync,
  most: number,
): (stretch: Stretch) => ReadonlyMap<number, readonly FlowPeer[]> {
  const select = database.prepare(
    `SELECT flow, address, locality, total(requests) AS requests, total(connections) AS connections,
       total(bytes_sent) AS bytes_sent, total(bytes_received) AS bytes_received
     FROM peer_buckets WHERE ${inStretch} GROUP BY flow, address, locality`,
  );
  return ({ from, to }) => {
    const peers = new Map<number, FlowPeer[]>();
    for (const row of select.all(from, to)) {
      const flow = numberIn(row, 'flow');
      const known = peers.get(flow);
      if (known === undefined) peers.set(flow, [readPeer(row)]);
      else known.push(readPeer(row));
    }
    for (const [flow, all] of peers) if (all.length > 1) peers.set(flow, all.sort(mostUsedFirst).slice(0, most));
    return peers;
  };
}

function mostUsedFirst(a: FlowPeer, b: FlowPeer): number {
  const events = b.requests + b.connections - a.requests - a.connections;
  return events || b.bytesSent + b.bytesReceived - a.bytesSent - a.bytesReceived;
}

function readPeer(row: Row): FlowPeer {
  const locality = textIn(row, 'locality');
  return {
    address: textIn(row, 'address'),
    ...(locality === '' ? {} : { locality }),
    requests: numberIn(row, 'requests'),
    connections: numberIn(row, 'connections'),
    bytesSent: numberIn(row, 'bytes_sent'),
    bytesReceived: numberIn(row, 'bytes_received'),
  };
}
