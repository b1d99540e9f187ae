// A line for each event that was stopped or left unregistered, which Envoy appends to the file in its working folder
// (record-line.ts is the form). Some that did not are written too, where leaving them out would cost
// every request something; the reader knows them.
import { type AccessLog, buildJsonAccessLog } from '../envoy/access-log.ts';
import { anyOfFilters, atTcp, filtered, statusFrom, withFlags, withMetadata } from '../envoy/access-log-filter.ts';
import { httpRecordFields, recordsFile, tcpRecordFields } from './record-line.ts';
import { unregisteredMark } from './route-marks.ts';

/** `originalDestination`: where the connection was going, if the listener's own address does not say it. */
export function buildHttpRecords(originalDestination?: string): AccessLog {
  const fields = originalDestination === undefined ? {} : { o: originalDestination };
  const log = buildJsonAccessLog(recordsFile, { ...httpRecordFields, ...fields });
  const refused = withFlags(['NR', 'NC', 'DPE']);
  return filtered(
    log,
    anyOfFilters(statusFrom(400), refused, withMetadata(unregisteredMark.namespace, unregisteredMark.key)),
  );
}

/** `all`: of the catch-all, or where an address is judged. `unknown`: of those that found no cluster. */
export function buildTcpRecords(which: 'all' | 'unknown', originalDestination?: string): AccessLog {
  const fields = originalDestination === undefined ? {} : { o: originalDestination };
  const log = filtered(buildJsonAccessLog(recordsFile, { ...tcpRecordFields, ...fields }), atTcp('end'));
  return which === 'all' ? log : filtered(log, withFlags(['NC']));
}
