// Headers that a route sets, adds and takes away, on requests before they go up and on responses before they go down.
// Values may hold Envoy's command operators, as Istio's may. Envoy: HeaderValueOption.
import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  HeaderValueOption_HeaderAppendAction,
  type HeaderValueOptionSchema,
} from './gen/envoy/config/core/v3/base_pb.js';

export interface HeaderEdits {
  /** In place of what is there. */
  readonly set: readonly (readonly [string, string])[];
  readonly add: readonly (readonly [string, string])[];
  readonly remove: readonly string[];
}

export function buildHeaderEdits({
  request,
  response,
}: {
  readonly request: HeaderEdits;
  readonly response: HeaderEdits;
}) {
  return {
    requestHeadersToAdd: additions(request),
    requestHeadersToRemove: [...request.remove],
    responseHeadersToAdd: additions(response),
    responseHeadersToRemove: [...response.remove],
  };
}

function additions({ set, add }: HeaderEdits): MessageInitShape<typeof HeaderValueOptionSchema>[] {
  const { OVERWRITE_IF_EXISTS_OR_ADD, APPEND_IF_EXISTS_OR_ADD } = HeaderValueOption_HeaderAppendAction;
  return [
    ...set.map(([key, value]) => ({
      header: { key, value },
      appendAction: OVERWRITE_IF_EXISTS_OR_ADD,
    })),
    ...add.map(([key, value]) => ({ header: { key, value }, appendAction: APPEND_IF_EXISTS_OR_ADD })),
  ];
}
