// Access log lines in a file. Envoy: extensions.access_loggers.file.v3.FileAccessLog.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { anyOf } from './any.ts';
import type { AccessLogSchema } from './gen/envoy/config/accesslog/v3/accesslog_pb.js';
import { FileAccessLogSchema } from './gen/envoy/extensions/access_loggers/file/v3/file_pb.js';

export type AccessLog = MessageInitShape<typeof AccessLogSchema>;

/** `format` is one line of command operators and ends with a newline. */
export function buildFileAccessLog(path: string, format: string): AccessLog {
  return {
    name: 'envoy.access_loggers.file',
    configType: {
      case: 'typedConfig',
      value: anyOf(FileAccessLogSchema, {
        path,
        accessLogFormat: {
          case: 'logFormat',
          value: {
            format: {
              case: 'textFormatSource',
              value: { specifier: { case: 'inlineString', value: format } },
            },
          },
        },
      }),
    },
  };
}
