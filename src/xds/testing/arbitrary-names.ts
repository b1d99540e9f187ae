// What arbitrary objects have in common: few namespaces, names, hosts and labels, so that objects meet each other often.
import fc from 'fast-check';

export const namespaces = ['default', 'other', 'third', 'istio-system'] as const;
export const hosts = [
  'a.test',
  'b.test',
  'c.wild.test',
  '*.wild.test',
  'web',
  'web.other',
  'web.other.svc.cluster.local',
] as const;
export const origin = {
  namespace: fc.constantFrom(...namespaces),
  name: fc.constantFrom('one', 'two', 'three', 'four'),
  createdAt: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'),
};

export const exportTo = fc.constantFrom(['*'], ['.'], ['other']);

export const selector = fc.constantFrom(undefined, new Map([['app', 'echo']]), new Map([['app', 'nobody']]));
