// What an object becomes when it is written, as in Kubernetes: uid and creationTimestamp are given once, generation
// grows with the object's content and not with its metadata or status, and an equal object stays as it is.
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { KubeObject, ObjectMeta } from '../../api/object.ts';
import { frozenJson } from './stored-object.ts';

/** What a transaction stamps on the objects it changes. */
export interface Stamp {
  readonly resourceVersion: string;
  readonly now: Date;
}

/**
 * `current` itself if nothing differs, else the object as it is to be stored. Status comes from `current`;
 * of the desired metadata only name, namespace, labels, annotations and ownerReferences count.
 */
export function revised(desired: KubeObject, current: KubeObject | undefined, stamp: Stamp): KubeObject {
  const wanted = frozenJson(desired);
  const content = contentOf(wanted);
  const metadata = writtenMetadata(wanted.metadata);
  const sameContent = current !== undefined && isDeepStrictEqual(content, contentOf(current));
  if (
    sameContent &&
    wanted.apiVersion === current.apiVersion &&
    isDeepStrictEqual(metadata, writtenMetadata(current.metadata))
  ) {
    return current;
  }
  const { generation = 0, uid = randomUUID(), creationTimestamp = timestamp(stamp.now) } = current?.metadata ?? {};
  return frozenJson({
    apiVersion: wanted.apiVersion,
    kind: wanted.kind,
    metadata: {
      ...metadata,
      uid,
      resourceVersion: stamp.resourceVersion,
      generation: sameContent ? generation : generation + 1,
      creationTimestamp,
    },
    ...content,
    ...(current?.status === undefined ? {} : { status: current.status }),
  });
}

/** `current` itself if the status is equal, else the object with this status. */
export function withStatus(current: KubeObject, status: unknown, stamp: Stamp): KubeObject {
  const wanted = frozenJson(status);
  if (isDeepStrictEqual(wanted, current.status)) return current;
  const { status: _replaced, ...rest } = withVersion(current, stamp);
  return Object.freeze(wanted === undefined ? rest : { ...rest, status: wanted });
}

/** The object as its DELETED event shows it: at the version of its deletion. */
export function withVersion(object: KubeObject, { resourceVersion }: Stamp): KubeObject {
  return Object.freeze({ ...object, metadata: Object.freeze({ ...object.metadata, resourceVersion }) });
}

/** spec and data, and whatever else a kind has beside its metadata and status. */
function contentOf(object: KubeObject): object {
  const { apiVersion: _apiVersion, kind: _kind, metadata: _metadata, status: _status, ...content } = object;
  return content;
}

function writtenMetadata({ name, namespace, labels, annotations, ownerReferences }: ObjectMeta): ObjectMeta {
  return {
    name,
    ...(namespace === undefined || namespace === '' ? {} : { namespace }),
    ...(isEmpty(labels) ? {} : { labels }),
    ...(isEmpty(annotations) ? {} : { annotations }),
    ...(isEmpty(ownerReferences) ? {} : { ownerReferences }),
  };
}

function isEmpty(value: object | undefined): value is undefined {
  return value === undefined || Object.keys(value).length === 0;
}

/** Seconds, as Kubernetes writes it. */
function timestamp(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, 'Z');
}
