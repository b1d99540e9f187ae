// The mark that a route leaves on requests, as an entry of dynamic metadata, for the loggers that must tell them apart.
import type { Any } from '@bufbuild/protobuf/wkt';
import { routeMark } from '../envoy/route-mark.ts';

/** Asked for what nobody registered, let out or not. */
export const unregisteredMark = { namespace: 'sallyport', key: 'unregistered' } as const;

/** For a route's configuration of filters. */
export const unregisteredRoute: Readonly<Record<string, Any>> = routeMark(
  unregisteredMark.namespace,
  unregisteredMark.key,
);
