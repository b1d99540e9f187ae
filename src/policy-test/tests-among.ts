// The EgressTests among objects.
import { type EgressTest, egressTestKind } from '../api/kinds/egress-test.ts';
import type { KubeObject } from '../api/object.ts';
import { parseObject } from '../api/parse-object.ts';

export function testsAmong(objects: readonly KubeObject[]): readonly EgressTest[] {
  return objects
    .filter(({ kind }) => kind === egressTestKind.kind)
    .flatMap((object) => parseObject(egressTestKind.schema, object) ?? []);
}
