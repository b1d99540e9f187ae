// Host -> the services that claim it, as an immutable map whose next version shares all but one shard with the one
// before: a change costs a 256th of a copy, and every snapshot stays readable for as long as somebody holds it.
import type { Service } from './service.ts';

const shardCount = 256;
type Shard = ReadonlyMap<string, readonly Service[]>;

export interface HostIndex {
  /** Claims on this host, oldest first; empty if there is none. */
  get(host: string): readonly Service[];
  hosts(): Iterable<string>;
  /** The index in which exactly these claims stand for the host. */
  with(host: string, claims: readonly Service[]): HostIndex;
}

export const emptyHostIndex: HostIndex = indexOf(Array.from({ length: shardCount }, (): Shard => new Map()));

function indexOf(shards: readonly Shard[]): HostIndex {
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

/** FNV-1a, folded to the shard count. */
function shardOf(host: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < host.length; index += 1) {
    hash = Math.imul(hash ^ host.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 8) % shardCount;
}
