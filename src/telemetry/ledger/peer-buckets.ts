// Where flows went: one row for each peer of a flow in a minute or hour. Invariant: no more than so many of one flow in
// one bucket, the first that were seen; they are counted on the disk, for addresses have no end.
import type { Observation } from '../observation.ts';
import type { LedgerContext } from './context.ts';
import type { Bucket } from './flow-buckets.ts';

export interface PeerRow extends Bucket {
  readonly address: string;
  /** Empty if it is not known. */
  readonly locality: string;
  requests: number;
  connections: number;
  bytesSent: number;
  bytesReceived: number;
}

/** The function that adds a row to what is there. */
export function createPeerWriter({ database, bounds }: LedgerContext): (row: PeerRow) => void {
  const grow = database.prepare(
    `UPDATE peer_buckets SET requests = requests + ?, connections = connections + ?,
       bytes_sent = bytes_sent + ?, bytes_received = bytes_received + ?
     WHERE span = ? AND start = ? AND flow = ? AND address = ? AND locality = ?`,
  );
  const begin = database.prepare(
    `INSERT INTO peer_buckets SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9
     WHERE (SELECT count(*) FROM peer_buckets WHERE span = ?1 AND start = ?2 AND flow = ?3) < ?10`,
  );
  return ({ span, start, flow, address, locality, requests, connections, bytesSent, bytesReceived }) => {
    const counts = [requests, connections, bytesSent, bytesReceived] as const;
    const key = [span, start, flow, address, locality] as const;
    if (grow.run(...counts, ...key).changes === 0) begin.run(...key, ...counts, bounds.peers);
  };
}

/** Adds the peer of an observation, if it has one, to the rows of its batch. */
export function addPeer(rows: Map<string, PeerRow>, bucket: Bucket, observation: Observation): void {
  const { peer, destination, requests, opened, closed, metrics } = observation;
  if (peer === undefined) return;
  const { address, locality = '' } = peer;
  // A blocked connection was never opened.
  const connections = destination.kind === 'blocked' ? closed : opened;
  // Bytes on the wire are told without a peer; what a connection had at its end is told for metrics, in Istio's words.
  const bytesSent = Math.max(observation.bytesSent, metrics?.receivedBytes ?? 0);
  const bytesReceived = Math.max(observation.bytesReceived, metrics?.sentBytes ?? 0);
  const key = `${bucket.start}/${bucket.flow}/${address} ${locality}`;
  const row = rows.get(key);
  if (row === undefined) {
    rows.set(key, { ...bucket, address, locality, requests, connections, bytesSent, bytesReceived });
    return;
  }
  row.requests += requests;
  row.connections += connections;
  row.bytesSent += bytesSent;
  row.bytesReceived += bytesReceived;
}
