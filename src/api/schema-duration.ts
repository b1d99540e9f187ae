// A duration in a schema. Istio's CRDs ask for 1ms at least wherever no time would mean nothing.
import { z } from 'zod';
import { parseDurationMs } from './duration.ts';
import { problem } from './finding.ts';
import type { Finding } from './kind.ts';
import { shorten } from './schema-messages.ts';
import { checked } from './schema-parts.ts';

const hint = 'write for example 3s, 1.5s or 100ms';

/** Envoy counts seconds in 32 bits in some places, and nothing useful lasts for longer. */
const longestMs = (2 ** 32 - 1) * 1000;

/** `0s` is taken too. */
export const anyDuration = checked(z.string(), function* (text): Iterable<Finding> {
  const milliseconds = parseDurationMs(text);
  if (milliseconds === undefined) yield problem('SP0109', [], `'${shorten(text)}' is not a duration`, hint);
  else yield* checkLength(text, milliseconds);
});

export const duration = checked(z.string(), function* (text): Iterable<Finding> {
  const milliseconds = parseDurationMs(text);
  if (milliseconds === undefined) yield problem('SP0109', [], `'${shorten(text)}' is not a duration`, hint);
  else if (milliseconds < 1) {
    yield problem('SP0108', [], `'${text}' must be a valid duration greater than 1ms`, 'remove it to have the default');
  } else yield* checkLength(text, milliseconds);
});

function* checkLength(text: string, milliseconds: number): Iterable<Finding> {
  if (milliseconds <= longestMs) return;
  yield problem('SP0108', [], `'${text}' is longer than 1193046h`, 'make it shorter');
}
