// Access log lines. Envoy: extensions.access_loggers. Standard output has a logger of its own: it writes to what Envoy was
// given, where the file logger would open /dev/stdout anew and need a right to the file behind it.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';
import { anyOf } from './any.ts';
import type { AccessLogSchema } from './gen/envoy/config/accesslog/v3/accesslog_pb.js';
import { FileAccessLogSchema } from './gen/envoy/extensions/access_loggers/file/v3/file_pb.js';
import { StdoutAccessLogSchema } from './gen/envoy/extensions/access_loggers/stream/v3/stream_pb.js';

export type AccessLog = MessageInitShape<typeof AccessLogSchema>;

/** `format` is one line of command operators and ends with a newline; `path` may be /dev/stdout. */
export function buildAccessLogFile(path: string, format: string): AccessLog {
  const accessLogFormat = {
    case: 'logFormat',
    value: {
      format: {
        case: 'textFormatSource',
        value: { specifier: { case: 'inlineString', value: format } },
      },
    },
  } as const;
  return path === '/dev/stdout'
    ? logger('envoy.access_loggers.stdout', anyOf(StdoutAccessLogSchema, { accessLogFormat }))
    : logger('envoy.access_loggers.file', anyOf(FileAccessLogSchema, { path, accessLogFormat }));
}

/** Each event as one JSON object on a line; `fields` are command operators by their keys. */
export function buildJsonAccessLog(path: string, fields: Readonly<Record<string, string>>): AccessLog {
  const format = { case: 'jsonFormat', value: { ...fields } } as const;
  return logger(
    'envoy.access_loggers.file',
    anyOf(FileAccessLogSchema, { path, accessLogFormat: { case: 'logFormat', value: { format } } }),
  );
}

function logger(name: string, value: Any): AccessLog {
  return { name, configType: { case: 'typedConfig', value } };
}
