// The application of the fifth story: a website for recipes, whose ids come from outside.
import type { KubeObject } from '../../src/api/object.ts';
import { type DemoOptions, deployment, service } from './objects.ts';

const ports = [{ name: 'http', port: 8080 }];
const titles = ['Pancakes', 'Lentil soup', 'Apple pie', 'Shakshuka', 'Rye bread', 'Miso aubergine'];

export function recipesObjects(options: DemoOptions): readonly KubeObject[] {
  const visits = { TARGET: 'http://recipes:8080/recipes', RPS: '0.5', BODIES: titles.map(formOf).join('\n') };
  const ids = { ID_SOURCE: 'http://httpbin.org/uuid' };
  const site = { IDGEN: 'http://idgen:8080' };
  return [
    service(options, 'idgen', ports),
    deployment(options, { app: 'idgen', version: 'v1', file: 'idgen/main.ts', env: ids, ports }),
    service(options, 'recipes', ports),
    deployment(options, { app: 'recipes', version: 'v1', file: 'recipes/main.ts', env: site, ports }),
    deployment(options, { app: 'visitors', file: 'load/main.ts', env: visits }),
  ];
}

function formOf(title: string): string {
  return new URLSearchParams({ title }).toString();
}
