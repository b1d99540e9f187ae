// The objects of the demo, as one would write them in YAML. Pure: the same options give the same objects.
import type { KubeObject } from '../src/api/object.ts';
import { cinemaObjects } from './manifests/cinema.ts';
import type { DemoOptions } from './manifests/objects.ts';
import { recipesObjects } from './manifests/recipes.ts';

export { internetObjects } from './manifests/internet.ts';
export type { DemoOptions };

/** The application: its namespace, the cinema, the recipes website. */
export function applicationObjects(options: DemoOptions): readonly KubeObject[] {
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: options.namespace } };
  return [namespace, ...cinemaObjects(options), ...recipesObjects(options)];
}
