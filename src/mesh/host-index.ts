// Key -> the things that claim it, as an immutable map whose next version shares all but one shard with the one
// before: a change costs a 256th of a copy, and every snapshot stays readable for as long as somebody holds it.
// Keys are mostly hosts: of services, VirtualServices, DestinationRules.
import { hashOf } from './hash.ts';

const shardCount = 256;
type Shard<T> = ReadonlyMap<string, readonly T[]>;

export interface HostIndex<T> {
  /** Claims on this host, oldest first; empty if there is none. */
  get(host: string): readonly T[];
  hosts(): Iterable<string>;
  /** The index in which exactly these claims stand for the host. */
  with(host: string, claims: readonly T[]): HostIndex<T>;
}

export function emptyHostIndex<T>(): HostIndex<T> {
  return indexOf(Array.from({ length: shardCount }, (): Shard<T> => new Map()));
}

function indexOf<T>(shards: readonly Shard<T>[]): HostIndex<T> {
  return {
    get: (host) => shards[shardOf(host)]?.get(host) ?? [],
    hosts: function* () {
      for (const shard of shards) yield* shard.keys();
    },
    with(host, claims) {
      const number = shardOf(host);
      const shard = new Map(shards[number]);
      if (claims.length === 0) shard.delete(host);
      else shard.set(host, claims);
      return indexOf(shards.with(number, shard));
    },
  };
}

function shardOf(host: string): number {
  return (hashOf(host) >>> 8) % shardCount;
}
