// The annotation by which an object lets traffic follow the address that its caller connected to.
import { originalDestinationAnnotation } from '../annotations.ts';
import { problem } from '../finding.ts';
import type { Finding } from '../kind.ts';
import { shorten } from '../schema-messages.ts';

interface Annotated {
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

export function trustsOriginalDestination({ annotations }: Annotated): boolean {
  return annotations?.[originalDestinationAnnotation] === 'trust';
}

export function* checkOriginalDestination({ annotations }: Annotated): Iterable<Finding> {
  const value = annotations?.[originalDestinationAnnotation];
  if (value === undefined || value === 'trust') return;
  const path = ['metadata', 'annotations', originalDestinationAnnotation];
  const hint = "the only value is 'trust'; remove the annotation otherwise";
  yield problem('SP0335', path, `unknown value '${shorten(value)}'`, hint);
}
