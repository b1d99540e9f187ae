// The line that a proxy would append to its records for an event, read as the intake reads it, so that what is foretold is told
// in the very words of `logs --decisions`.
import type { AccessLog } from '../envoy/gen/envoy/config/accesslog/v3/accesslog_pb.js';
import { FileAccessLogSchema } from '../envoy/gen/envoy/extensions/access_loggers/file/v3/file_pb.js';
import { type EventRecord, parseRecord } from '../telemetry/intake/records/event-record.ts';
import { recordsFile } from '../xds/record-line.ts';
import { readAny } from './reading/message.ts';
import type { Event } from './walk/walk.ts';

/** What is written as it is stands so in the logger; what Envoy would fill in is the event's. */
export function recordOf({ accessLog, family, fields }: Event): EventRecord | undefined {
  const format = accessLog.map(formatOf).find((one) => one !== undefined);
  const shape = format ?? { [family === 'http' ? 'c' : 's']: '%' };
  const line: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(shape)) {
    line[key] = typeof value === 'string' && value.includes('%') ? (fields[key] ?? null) : value;
  }
  // At a gateway: a proxy of the mesh has sent it.
  if ('v' in line) line['v'] = 'relay';
  return parseRecord(JSON.stringify(line));
}

function formatOf({ configType }: AccessLog): Readonly<Record<string, unknown>> | undefined {
  const file = configType.case === 'typedConfig' ? readAny(FileAccessLogSchema, configType.value) : undefined;
  if (file?.path !== recordsFile || file.accessLogFormat.case !== 'logFormat') return undefined;
  const { format } = file.accessLogFormat.value;
  return format.case === 'jsonFormat' ? format.value : undefined;
}
