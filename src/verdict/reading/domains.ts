// Domains of virtual hosts, read without the rest of them: a search looks at those of every host of a port, and reads the one that
// it finds.
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { type Resource, typeUrls, type View } from '../../discovery/view.ts';

/** Field number of `domains` in envoy.config.route.v3.VirtualHost. */
const domainsField = 2;

const known = new WeakMap<Resource, readonly string[]>();

export function domainsOf(resource: Resource): readonly string[] {
  const found = known.get(resource);
  if (found !== undefined) return found;
  const reader = new BinaryReader(resource.bytes);
  const domains: string[] = [];
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === domainsField) domains.push(reader.string().toLowerCase());
    else reader.skip(wireType, field);
  }
  known.set(resource, domains);
  return domains;
}

/** By RouteConfiguration, the virtual host of each domain. */
type Domains = ReadonlyMap<string, ReadonlyMap<string, Resource>>;

interface Known {
  readonly generation: number;
  readonly domains: Domains;
}

const ofViews = new WeakMap<View, Known>();

export function domainsOfRoute(view: View, routeName: string): ReadonlyMap<string, Resource> {
  const before = ofViews.get(view);
  const { domains } = before?.generation === view.generation ? before : remember(view);
  return domains.get(routeName) ?? new Map();
}

function remember(view: View): Known {
  const domains = new Map<string, Map<string, Resource>>();
  for (const resource of view.resources(typeUrls.virtualHost).values()) {
    // A host may not have a slash in it, a route's name neither.
    const route = resource.name.slice(0, resource.name.indexOf('/'));
    const own = domains.get(route) ?? new Map<string, Resource>();
    domains.set(route, own);
    for (const domain of domainsOf(resource)) own.set(domain, resource);
  }
  const known = { generation: view.generation, domains };
  ofViews.set(view, known);
  return known;
}
