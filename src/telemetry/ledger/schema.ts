// The ledger's SQLite schema, as the steps that lead to it (store/local/migrations.ts has the rules).
// `key` columns hold JSON; whatever is told in many rows stands in a table of its own and is meant by its number.
// `last_hour` is the newest hour in which a row was meant: what is older than all that is kept is not meant any more.

const numbered = (table: string) =>
  `CREATE TABLE ${table} (id INTEGER PRIMARY KEY, key TEXT NOT NULL, last_hour INTEGER NOT NULL) STRICT;`;

export const ledgerMigrations: readonly string[] = [
  `CREATE TABLE positions (source TEXT PRIMARY KEY, position TEXT NOT NULL) STRICT, WITHOUT ROWID;
   CREATE TABLE dropped (reason TEXT PRIMARY KEY, events INTEGER NOT NULL) STRICT, WITHOUT ROWID;
   -- What began before is not told by this span any more.
   CREATE TABLE horizons (span INTEGER PRIMARY KEY, before INTEGER NOT NULL) STRICT;
   ${['flows', 'outcomes', 'hosts', 'series_hosts', 'series'].map(numbered).join('\n')}
   -- Clustered by time, so that what is old goes page by page. What was counted is in one row: that of its minute, or
   -- later, when the minute was joined to it, that of its hour.
   CREATE TABLE flow_buckets (
     span INTEGER NOT NULL,
     start INTEGER NOT NULL,
     flow INTEGER NOT NULL,
     outcome INTEGER NOT NULL,
     requests INTEGER NOT NULL,
     opened INTEGER NOT NULL,
     closed INTEGER NOT NULL,
     bytes_sent INTEGER NOT NULL,
     bytes_received INTEGER NOT NULL,
     first_at INTEGER NOT NULL,
     last_at INTEGER NOT NULL,
     PRIMARY KEY (span, start, flow, outcome)
   ) STRICT, WITHOUT ROWID;
   -- Addresses are not numbered: there is no bound on them but that of each bucket.
   CREATE TABLE peer_buckets (
     span INTEGER NOT NULL,
     start INTEGER NOT NULL,
     flow INTEGER NOT NULL,
     address TEXT NOT NULL,
     locality TEXT NOT NULL,
     requests INTEGER NOT NULL,
     connections INTEGER NOT NULL,
     bytes_sent INTEGER NOT NULL,
     bytes_received INTEGER NOT NULL,
     PRIMARY KEY (span, start, flow, address, locality)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE open_connections (flow INTEGER PRIMARY KEY, open INTEGER NOT NULL, last_at INTEGER NOT NULL) STRICT;
   CREATE TABLE series_totals (id INTEGER PRIMARY KEY, totals TEXT NOT NULL) STRICT;
   -- AUTOINCREMENT: an id is never used twice, even when its row is gone.
   CREATE TABLE decisions (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     last_at INTEGER NOT NULL,
     namespace TEXT NOT NULL,
     workload TEXT NOT NULL,
     host TEXT NOT NULL,
     verdict TEXT NOT NULL
   ) STRICT;
   -- Apart from what is asked by, so that a search reads little.
   CREATE TABLE decision_bodies (id INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;`,
  `-- AUTOINCREMENT: an id is never used twice, even when its row is gone.
   CREATE TABLE alerts (id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL) STRICT;
   -- Since when a workload (namespace/name; empty: the mesh) calls anybody.
   CREATE TABLE learning (workload TEXT PRIMARY KEY, since INTEGER NOT NULL) STRICT, WITHOUT ROWID;
   -- Whether a workload has called a host before: keys begin with both.
   CREATE INDEX flows_by_key ON flows (key);`,
];
