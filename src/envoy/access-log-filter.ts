// Which events an access logger takes. Envoy: config.accesslog.v3.AccessLogFilter. Only filters that cost next to nothing:
// they are asked for every request (an expression filter, CEL, costs 5 µs).
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { AccessLog } from './access-log.ts';
import { anyOf } from './any.ts';
import {
  type AccessLogFilter,
  AccessLogFilterSchema,
  AccessLogSchema,
  ComparisonFilter_Op,
  GrpcStatusFilter_Status,
} from './gen/envoy/config/accesslog/v3/accesslog_pb.js';
import type { HeaderMatcherSchema } from './gen/envoy/config/route/v3/route_components_pb.js';
import { AccessLogType } from './gen/envoy/data/accesslog/v3/accesslog_pb.js';
import { ExpressionFilterSchema } from './gen/envoy/extensions/access_loggers/filters/cel/v3/cel_pb.js';

type HeaderMatch = MessageInitShape<typeof HeaderMatcherSchema>;

/** The log with this filter, and those that it had. */
export function filtered(log: AccessLog, filter: AccessLogFilter): AccessLog {
  const { filter: before, ...rest } = create(AccessLogSchema, log);
  return { ...rest, filter: before === undefined ? filter : allOf(before, filter) };
}

export function allOf(...filters: readonly AccessLogFilter[]): AccessLogFilter {
  return create(AccessLogFilterSchema, { filterSpecifier: { case: 'andFilter', value: { filters: [...filters] } } });
}

export function anyOfFilters(...filters: readonly AccessLogFilter[]): AccessLogFilter {
  return create(AccessLogFilterSchema, { filterSpecifier: { case: 'orFilter', value: { filters: [...filters] } } });
}

export function headerMatches(header: HeaderMatch): AccessLogFilter {
  return create(AccessLogFilterSchema, { filterSpecifier: { case: 'headerFilter', value: { header } } });
}

export function headerAbsent(name: string): AccessLogFilter {
  return headerMatches({ name, headerMatchSpecifier: { case: 'presentMatch', value: true }, invertMatch: true });
}

/** Answers with this status or a higher one. */
export function statusFrom(status: number): AccessLogFilter {
  const comparison = { op: ComparisonFilter_Op.GE, value: { defaultValue: status, runtimeKey: 'none' } };
  return create(AccessLogFilterSchema, { filterSpecifier: { case: 'statusCodeFilter', value: { comparison } } });
}

/** Of gRPC; and of HTTP the status that stands for it. */
export function withGrpcStatus(status: keyof typeof GrpcStatusFilter_Status): AccessLogFilter {
  const statuses = [GrpcStatusFilter_Status[status]];
  return create(AccessLogFilterSchema, { filterSpecifier: { case: 'grpcStatusFilter', value: { statuses } } });
}

/** Those of which an expression in CEL holds; it must be one that Envoy takes (api/cel-syntax.ts). */
export function withExpression(expression: string): AccessLogFilter {
  const config = anyOf(ExpressionFilterSchema, { expression });
  return create(AccessLogFilterSchema, {
    filterSpecifier: {
      case: 'extensionFilter',
      value: {
        name: 'envoy.access_loggers.extension_filters.cel',
        configType: { case: 'typedConfig', value: config },
      },
    },
  });
}

/** With at least one of these response flags, in their short form. */
export function withFlags(flags: readonly string[]): AccessLogFilter {
  return create(AccessLogFilterSchema, {
    filterSpecifier: { case: 'responseFlagFilter', value: { flags: [...flags] } },
  });
}

/** Those that have this entry of dynamic metadata: with this value, or with any. */
export function withMetadata(namespace: string, key: string, value?: string): AccessLogFilter {
  return create(AccessLogFilterSchema, {
    filterSpecifier: {
      case: 'metadataFilter',
      value: {
        matcher: {
          filter: namespace,
          path: [{ segment: { case: 'key', value: key } }],
          value: {
            matchPattern:
              value === undefined
                ? { case: 'presentMatch', value: true }
                : { case: 'stringMatch', value: { matchPattern: { case: 'exact', value } } },
          },
        },
        matchIfKeyNotFound: false,
      },
    },
  });
}

const tcpTypes = {
  connected: AccessLogType.TcpUpstreamConnected,
  end: AccessLogType.TcpConnectionEnd,
} as const;

/** tcp_proxy logs a connection more than once: when the upstream has taken it, and at its end. */
export function atTcp(moment: keyof typeof tcpTypes): AccessLogFilter {
  return create(AccessLogFilterSchema, {
    filterSpecifier: { case: 'logTypeFilter', value: { types: [tcpTypes[moment]] } },
  });
}
