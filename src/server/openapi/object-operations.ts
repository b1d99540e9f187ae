// The requests about objects, proxies and workloads.

import { errorSchema } from '../schemas/mesh-schema.ts';
import {
  applySchema,
  deleteSchema,
  manifestsSchema,
  mergePatchSchema,
  objectResultSchema,
  objectsSchema,
  tableSchema,
  watchBatchSchema,
} from '../schemas/object-schema.ts';
import { execPlanSchema, podsSchema, proxiesSchema, proxyConfigSchema } from '../schemas/proxy-schema.ts';
import { collectionQuery, namespaceQuery, oneObjectQuery, podsQuery, watchQuery } from '../schemas/query-schema.ts';
import { json, type Operation } from './operation.ts';

const one = '/v1/objects/{kind}/{name}';

export const objectOperations: readonly Operation[] = [
  {
    method: 'get',
    path: '/v1/objects/{kind}',
    summary: 'Objects of a kind, sorted by namespace and name',
    query: collectionQuery,
    answers: json(objectsSchema, tableSchema),
    refusals: [404],
  },
  {
    method: 'get',
    path: one,
    summary: 'One object',
    query: oneObjectQuery,
    answers: json(objectsSchema, tableSchema),
    refusals: [404],
  },
  {
    method: 'post',
    path: '/v1/objects',
    summary: 'Creates or replaces objects; the good ones are stored in one transaction, the bad ones are named',
    body: manifestsSchema,
    answers: json(applySchema),
    refusals: [413, 507],
  },
  {
    method: 'patch',
    path: one,
    summary: 'A JSON merge patch (RFC 7396)',
    query: namespaceQuery,
    body: mergePatchSchema,
    answers: json(objectResultSchema),
    refusals: [404, 409, 422, 507],
  },
  {
    method: 'delete',
    path: one,
    summary: 'Deletes an object',
    query: namespaceQuery,
    answers: json(deleteSchema),
    refusals: [404, 409],
  },
  {
    method: 'get',
    path: '/v1/watch/{kind}',
    summary: 'Changes of a kind, one message for each transaction, whose id is its resourceVersion',
    query: watchQuery,
    headers: { 'Last-Event-ID': 'go on behind this resourceVersion' },
    answers: [{ type: 'text/event-stream', schemas: [watchBatchSchema, errorSchema] }],
    refusals: [404, 503],
  },
  { method: 'get', path: '/v1/proxies', summary: 'Connected proxies', answers: json(proxiesSchema) },
  {
    method: 'get',
    path: '/v1/proxies/{namespace}/{name}/config/{type}',
    summary: 'What a proxy was given, without private keys',
    answers: json(proxyConfigSchema),
    refusals: [404],
  },
  {
    method: 'get',
    path: '/v1/pods',
    summary: 'Programs that run, with state, addresses and log files',
    query: podsQuery,
    answers: json(podsSchema),
  },
  {
    method: 'get',
    path: '/v1/pods/{namespace}/{name}/exec',
    summary: 'What to put before a command to run it inside; over the Unix socket only',
    answers: json(execPlanSchema),
    refusals: [404],
  },
];
