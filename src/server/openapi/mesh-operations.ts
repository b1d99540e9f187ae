// The requests about the mesh as a whole and its traffic.
import { alertSchema, alertsSchema } from '../schemas/alert-schema.ts';
import { authoritySchema } from '../schemas/authority-schema.ts';
import { checkSchema } from '../schemas/check-schema.ts';
import { changedSchema, droppedSchema, objectEventsSchema, proxyEventsSchema } from '../schemas/event-schema.ts';
import { dryRunAskSchema, dryRunSchema, upkeepSchema } from '../schemas/foresight-schema.ts';
import { diagnosticsSchema, infoSchema } from '../schemas/mesh-schema.ts';
import { testsAskSchema, testsSchema } from '../schemas/policy-test-schema.ts';
import {
  alertsQuery,
  checkQuery,
  decisionsQuery,
  eventsQuery,
  flowsQuery,
  graphQuery,
  suggestionsQuery,
  testsQuery,
  upkeepQuery,
} from '../schemas/query-schema.ts';
import { suggestionsSchema } from '../schemas/suggestion-schema.ts';
import { decisionSchema, decisionsSchema, flowsSchema, graphSchema } from '../schemas/traffic-schema.ts';
import { json, type Operation } from './operation.ts';

export const meshOperations: readonly Operation[] = [
  {
    method: 'get',
    path: '/',
    summary: 'A page for people; on loopback it opens a session',
    answers: [{ type: 'text/html' }],
  },
  { method: 'get', path: '/page.css', summary: "The page's style", answers: [{ type: 'text/css' }] },
  {
    method: 'get',
    path: '/healthz',
    summary: '`ok` as long as the process answers',
    answers: [{ type: 'text/plain' }],
  },
  {
    method: 'get',
    path: '/metrics',
    summary: "The control plane's metrics and the mesh's under Istio's names, in Prometheus's text format",
    answers: [{ type: 'text/plain' }],
  },
  { method: 'get', path: '/v1/info', summary: 'What the control plane is', answers: json(infoSchema) },
  {
    method: 'get',
    path: '/v1/diagnostics',
    summary: 'What is wrong with the configuration as it stands',
    answers: json(diagnosticsSchema),
  },
  {
    method: 'get',
    path: '/v1/ca',
    summary:
      'The certificate authority: who signs, what is trusted, how far a change of the root is; 404 with proxy capture',
    answers: json(authoritySchema),
  },
  {
    method: 'post',
    path: '/v1/ca/rotate',
    summary: 'Begins to replace the root of our own; the answer is that of `GET /v1/ca`',
    answers: json(authoritySchema),
    refusals: [409],
  },
  { method: 'get', path: '/v1/openapi.json', summary: 'This document', answers: [{ type: 'application/json' }] },
  {
    method: 'get',
    path: '/v1/flows',
    summary: 'Who talked to what, and how it ended; the last five minutes if nothing is said',
    query: flowsQuery,
    answers: json(flowsSchema),
  },
  {
    method: 'get',
    path: '/v1/graph',
    summary: 'The same as nodes and edges',
    query: graphQuery,
    answers: json(graphSchema),
  },
  {
    method: 'get',
    path: '/v1/check',
    summary: 'Whether what a workload would call leaves, by which way, what decides, and what would let it out',
    query: checkQuery,
    answers: json(checkSchema),
    refusals: [503],
  },
  {
    method: 'get',
    path: '/v1/suggestions',
    summary: 'What nobody registered and passed, as objects that let it through when nothing else may leave',
    query: suggestionsQuery,
    answers: json(suggestionsSchema),
    refusals: [503],
  },
  {
    method: 'get',
    path: '/v1/decisions',
    summary: 'What was stopped or left unregistered, one record each',
    query: decisionsQuery,
    answers: [...json(decisionsSchema), { type: 'application/x-ndjson', schemas: [decisionSchema] }],
    refusals: [503],
  },
  {
    method: 'post',
    path: '/v1/dry-run',
    summary: 'What a change would do to the traffic on record; changes nothing',
    body: dryRunAskSchema,
    answers: json(dryRunSchema),
    refusals: [503],
  },
  {
    method: 'get',
    path: '/v1/tests',
    summary: 'What the EgressTests of the mesh expect, held against what it would do',
    query: testsQuery,
    answers: json(testsSchema),
    refusals: [503],
  },
  {
    method: 'post',
    path: '/v1/tests',
    summary: 'The same with objects in place of what the mesh has under their names; changes nothing',
    body: testsAskSchema,
    answers: json(testsSchema),
    refusals: [503],
  },
  {
    method: 'get',
    path: '/v1/upkeep',
    summary: 'Hosts that nobody uses, entries that count nowhere, workloads without a proxy, traffic around gateways',
    query: upkeepQuery,
    answers: json(upkeepSchema),
    refusals: [503],
  },
  {
    method: 'get',
    path: '/v1/alerts',
    summary: 'What in the traffic a person should look at, oldest first',
    query: alertsQuery,
    answers: json(alertsSchema),
  },
  {
    method: 'post',
    path: '/v1/alerts/{id}/acknowledge',
    summary: 'Somebody knows of it: it goes on being counted and raises nothing more',
    answers: json(alertSchema),
    refusals: [404],
  },
  {
    method: 'get',
    path: '/v1/events',
    summary:
      'What changes, as it changes. Events: decisions (its id is where to go on), flows and diagnostics (ask again), ' +
      'alerts (those not resolved, then those that change), proxies, objects, dropped (what this reader came too late for)',
    query: eventsQuery,
    headers: { 'Last-Event-ID': 'decisions behind this id' },
    answers: [
      {
        type: 'text/event-stream',
        schemas: [decisionsSchema, changedSchema, alertsSchema, proxyEventsSchema, objectEventsSchema, droppedSchema],
      },
    ],
    refusals: [503],
  },
];
