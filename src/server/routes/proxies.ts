// Routes about connected proxies: what each was sent, and the resources themselves without private keys.
import { Hono } from 'hono';
import { badRequest, notFound } from '../api-error.ts';
import type { ServerDeps } from '../deps.ts';
import { proxyBody } from '../proxy-body.ts';
import { redactResource } from '../redact.ts';
import { type ConfigType, configTypes } from '../wire.ts';

export function proxyRoutes(deps: ServerDeps): Hono {
  return new Hono()
    .get('/proxies', (context) => context.json({ proxies: deps.proxies().map(proxyBody) }))
    .get('/proxies/:namespace/:name/config/:type', (context) => {
      const { namespace, name, type } = context.req.param();
      if (!isConfigType(type))
        throw badRequest(`no type '${type}' of configuration`, `one of ${configTypes.join(', ')}`);
      const resources = deps.proxyConfig(namespace, name, type);
      if (resources === undefined) throw notFound(`connected proxy ${name} in namespace ${namespace}`);
      return context.json({ resources: type === 'secrets' ? resources.map(redactResource) : resources });
    });
}

function isConfigType(text: string): text is ConfigType {
  return configTypes.some((type) => type === text);
}
