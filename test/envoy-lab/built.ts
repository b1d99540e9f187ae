// What Sallyport's builders make, as the JSON that the tests of this folder write the rest in.
import { create, toBinary } from '@bufbuild/protobuf';
import { type Any, AnySchema } from '@bufbuild/protobuf/wkt';
import { HttpFilterSchema } from '../../src/envoy/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import type { HttpFilter } from '../../src/envoy/http-filters.ts';
import { bytesToJson } from '../../src/envoy/json.ts';
import type { Json } from './envoy-json.ts';

export function builtFilter(filter: HttpFilter): Json {
  return bytesToJson(HttpFilterSchema, toBinary(HttpFilterSchema, create(HttpFilterSchema, filter)));
}

/** A route's `typed_per_filter_config`. */
export function builtPerFilter(perFilter: Readonly<Record<string, Any>>): Json {
  return Object.fromEntries(
    Object.entries(perFilter).map(([name, config]) => [name, bytesToJson(AnySchema, toBinary(AnySchema, config))]),
  );
}
