// What the crash test writes: two large objects that carry the same number, so that a torn write would show, and
// large enough that the write-ahead log is folded into the database now and then.
import type { KubeObject } from '../../src/api/object.ts';
import { serviceEntry } from './objects.ts';

const ballast = 'x'.repeat(16_000);

export function numberedPair(number: number): readonly KubeObject[] {
  return ['left', 'right'].map((name) => ({ ...serviceEntry(name), spec: { number, ballast } }));
}

/** 0 if there is no object yet. */
export function numberOf(object: KubeObject | undefined): number {
  const number: unknown = Reflect.get(Object(object?.spec), 'number');
  return typeof number === 'number' ? number : 0;
}
