// What policies that are bound to the outbound side of workloads come to, row by row: who asks for what, and the answer. Used
// twice, on the rules as they are built and on the answers of real Envoys (test/feature).

import { boundToAnnotation } from '../../../api/annotations.ts';
import type { KubeObject } from '../../../api/object.ts';

/** The workloads that ask: namespace, service account and label `app`. */
export const askers = {
  web: { namespace: 'shop', serviceAccount: 'web', labels: { app: 'web', tier: 'front' } },
  batch: { namespace: 'shop', serviceAccount: 'batch', labels: { app: 'batch' } },
  other: { namespace: 'team', serviceAccount: 'web', labels: { app: 'web' } },
} as const;

export type AskerName = keyof typeof askers;

/** `web GET api.test/v1`: who asks, and for what. */
export type Row = readonly [asked: string, answer: 'allow' | 'deny'];

export interface TruthTable {
  readonly title: string;
  /** By `namespace/name`. */
  readonly policies: Readonly<Record<string, KubeObject['spec']>>;
  readonly rows: readonly Row[];
}

const web = { selector: { matchLabels: { app: 'web' } } };
const nobody = { selector: { matchLabels: { app: 'nobody' } } };
const to = (operation: object) => ({ to: [{ operation }] });
const from = (source: object) => ({ from: [{ source }] });
const host = (...hosts: readonly string[]) => to({ hosts });
const deny = { action: 'DENY' } as const;

export const truthTables: readonly TruthTable[] = [
  {
    title: 'without policies everything is open',
    policies: {},
    rows: [
      ['web GET a.test/', 'allow'],
      ['batch POST b.test/x', 'allow'],
      ['other GET a.test/', 'allow'],
    ],
  },
  {
    title: 'ALLOW without rules closes all workloads of its namespace, and no others',
    policies: { 'shop/nothing': {} },
    rows: [
      ['web GET a.test/', 'deny'],
      ['batch GET a.test/', 'deny'],
      ['other GET a.test/', 'allow'],
    ],
  },
  {
    title: 'an empty rule matches everything: nothing and everything together are everything',
    policies: { 'shop/nothing': {}, 'shop/all': { rules: [{}] } },
    rows: [
      ['web GET a.test/', 'allow'],
      ['batch PUT b.test/', 'allow'],
    ],
  },
  {
    title: 'DENY with an empty rule is stronger than ALLOW of everything',
    policies: { 'shop/all': { rules: [{}] }, 'shop/none': { ...deny, ...web, rules: [{}] } },
    rows: [
      ['web GET a.test/', 'deny'],
      ['batch GET a.test/', 'allow'],
      ['other GET a.test/', 'allow'],
    ],
  },
  {
    title: 'a selector that matches nothing closes nothing',
    policies: { 'shop/nothing': nobody, 'team/nothing': nobody },
    rows: [
      ['web GET a.test/', 'allow'],
      ['other GET a.test/', 'allow'],
    ],
  },
  {
    title: 'a selector that matches nothing opens nothing either',
    policies: { 'shop/nothing': {}, 'shop/all': { ...nobody, rules: [{}] }, 'team/all': { ...web, rules: [{}] } },
    rows: [
      ['web GET a.test/', 'deny'],
      ['batch GET a.test/', 'deny'],
      ['other GET a.test/', 'allow'],
    ],
  },
  {
    title: 'ALLOW for one workload is not for another, which stays open',
    policies: { 'shop/web': { ...web, rules: [host('a.test')] } },
    rows: [
      ['web GET a.test/', 'allow'],
      ['web GET b.test/', 'deny'],
      ['batch GET b.test/', 'allow'],
      ['other GET b.test/', 'allow'],
    ],
  },
  {
    title: 'ALLOW policies add up, those of the root namespace too',
    policies: {
      'istio-system/a': { rules: [host('a.test')] },
      'shop/web': { ...web, rules: [host('b.test')] },
    },
    rows: [
      ['web GET a.test/', 'allow'],
      ['web GET b.test/', 'allow'],
      ['web GET c.test/', 'deny'],
      ['batch GET a.test/', 'allow'],
      ['batch GET b.test/', 'deny'],
      ['other GET a.test/', 'allow'],
      ['other GET b.test/', 'deny'],
    ],
  },
  {
    title: 'a selector of the root namespace chooses in every namespace',
    policies: { 'istio-system/web': { ...web, ...deny, rules: [host('a.test')] } },
    rows: [
      ['web GET a.test/', 'deny'],
      ['other GET a.test/', 'deny'],
      ['batch GET a.test/', 'allow'],
      ['web GET b.test/', 'allow'],
    ],
  },
  {
    title: 'DENY of the root namespace is stronger than ALLOW of one’s own',
    policies: {
      'istio-system/no': { ...deny, rules: [to({ hosts: ['a.test'], methods: ['POST'] })] },
      'shop/yes': { rules: [host('a.test')] },
    },
    rows: [
      ['web GET a.test/', 'allow'],
      ['web POST a.test/', 'deny'],
      ['web GET b.test/', 'deny'],
      ['other POST a.test/', 'deny'],
      ['other POST b.test/', 'allow'],
    ],
  },
  {
    title: 'within an operation all must hold, of operations one',
    policies: {
      'shop/a': {
        rules: [
          {
            to: [
              { operation: { hosts: ['a.test'], methods: ['GET'], paths: ['/v1/*'] } },
              { operation: { hosts: ['b.test'], methods: ['PUT'] } },
            ],
          },
        ],
      },
    },
    rows: [
      ['web GET a.test/v1/x', 'allow'],
      ['web GET a.test/v2', 'deny'],
      ['web PUT a.test/v1/x', 'deny'],
      ['web PUT b.test/any', 'allow'],
      ['web GET b.test/v1/x', 'deny'],
      ['web GET a.test/v1/../v2', 'deny'],
    ],
  },
  {
    title: 'hosts have no case, and may have a dot and a port',
    policies: { 'shop/a': { rules: [host('a.test', '*.wild.test')] } },
    rows: [
      ['web GET A.Test/', 'allow'],
      ['web GET a.test./', 'allow'],
      ['web GET a.test:80/', 'allow'],
      ['web GET x.wild.test:80/', 'allow'],
      ['web GET wild.test/', 'deny'],
      ['web GET a.test.evil.test/', 'deny'],
      ['web GET xa.test/', 'deny'],
      ['web GET axtest/', 'deny'],
    ],
  },
  {
    title: 'so of those that are denied',
    policies: { 'shop/a': { ...deny, rules: [host('a.test', '*.wild.test')] } },
    rows: [
      ['web GET A.TEST/', 'deny'],
      ['web GET a.test./', 'deny'],
      ['web GET a.test:80/', 'deny'],
      ['web GET x.wild.test./', 'deny'],
      ['web GET wild.test/', 'allow'],
      ['web GET b.test/', 'allow'],
    ],
  },
  {
    title: 'what is excepted',
    policies: { 'shop/a': { rules: [to({ notHosts: ['a.test'], notMethods: ['POST'], notPaths: ['/admin*'] })] } },
    rows: [
      ['web GET b.test/', 'allow'],
      ['web GET a.test/', 'deny'],
      ['web GET a.test.:80/', 'deny'],
      ['web POST b.test/', 'deny'],
      ['web GET b.test/admin/x', 'deny'],
      ['web GET b.test/x/../admin', 'deny'],
    ],
  },
  {
    title: 'who asks: principals, namespaces, service accounts',
    policies: {
      'istio-system/nothing': {},
      'istio-system/web': { rules: [{ ...from({ principals: ['cluster.local/ns/shop/sa/web'] }), ...host('a.test') }] },
      'istio-system/team': { rules: [{ ...from({ namespaces: ['tea*'] }), ...host('b.test') }] },
      'istio-system/accounts': { rules: [{ ...from({ serviceAccounts: ['shop/batch'] }), ...host('c.test') }] },
      'istio-system/ends': { rules: [{ ...from({ principals: ['*/sa/web'] }), ...host('d.test') }] },
    },
    rows: [
      ['web GET a.test/', 'allow'],
      ['batch GET a.test/', 'deny'],
      ['other GET a.test/', 'deny'],
      ['web GET b.test/', 'deny'],
      ['other GET b.test/', 'allow'],
      ['batch GET c.test/', 'allow'],
      ['web GET c.test/', 'deny'],
      ['web GET d.test/', 'allow'],
      ['other GET d.test/', 'allow'],
      ['batch GET d.test/', 'deny'],
    ],
  },
  {
    title: 'who does not ask',
    policies: {
      'istio-system/no': { ...deny, rules: [{ ...from({ notNamespaces: ['shop'] }), ...host('a.test') }] },
      'shop/no': { ...deny, rules: [{ ...from({ notPrincipals: ['*/sa/web'] }), ...host('b.test') }] },
    },
    rows: [
      ['web GET a.test/', 'allow'],
      ['other GET a.test/', 'deny'],
      ['web GET b.test/', 'allow'],
      ['batch GET b.test/', 'deny'],
      ['other GET b.test/', 'allow'],
    ],
  },
  {
    title: 'a principal that nobody has widens nothing',
    policies: { 'shop/a': { rules: [from({ principals: ['cluster.local/ns/gone/sa/gone'] })] } },
    rows: [
      ['web GET a.test/', 'deny'],
      ['batch GET a.test/', 'deny'],
    ],
  },
  {
    title: 'conditions must all hold, with what is excepted',
    policies: {
      'shop/a': {
        rules: [
          {
            when: [
              { key: 'request.headers[x-team]', values: ['red', 'blue*'], notValues: ['blueish'] },
              { key: 'source.namespace', values: ['shop'] },
            ],
          },
        ],
      },
    },
    rows: [
      ['web GET a.test/ x-team=red', 'allow'],
      ['web GET a.test/ x-team=blue1', 'allow'],
      ['web GET a.test/ x-team=blueish', 'deny'],
      ['web GET a.test/ x-team=green', 'deny'],
      ['web GET a.test/', 'deny'],
    ],
  },
  {
    title: 'a token is never there: what allows by it allows nothing',
    policies: { 'shop/a': { rules: [from({ requestPrincipals: ['*'] }), host('a.test')] } },
    rows: [
      ['web GET a.test/', 'allow'],
      ['web GET b.test/', 'deny'],
    ],
  },
  {
    title: 'templates of paths',
    policies: { 'shop/a': { rules: [to({ paths: ['/v1/{*}/items', '/files/{**}'] })] } },
    rows: [
      ['web GET a.test/v1/7/items', 'allow'],
      ['web GET a.test/v1/7/8/items', 'deny'],
      ['web GET a.test/v1/items', 'deny'],
      ['web GET a.test/files/a/b', 'allow'],
      ['web GET a.test/v1/7/items?a=b', 'allow'],
    ],
  },
];

/** Policies in the form in which they are stored. */
export function policyObjects({ policies }: TruthTable): readonly KubeObject[] {
  return Object.entries(policies).map(([key, spec], index) => {
    const [namespace = '', name = ''] = key.split('/');
    return {
      apiVersion: 'security.istio.io/v1',
      kind: 'AuthorizationPolicy',
      metadata: {
        name,
        namespace,
        annotations: { [boundToAnnotation]: 'outbound' },
        creationTimestamp: `2026-01-01T00:00:${String(index).padStart(2, '0')}Z`,
      },
      spec,
    };
  });
}

export interface AskedRow {
  readonly asker: AskerName;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

export function readRow(asked: string): AskedRow {
  const [asker = '', method = '', url = '', header] = asked.split(' ');
  const slash = url.indexOf('/');
  const [name = '', value = ''] = header?.split('=') ?? [];
  return {
    asker: asker as AskerName,
    method,
    host: slash < 0 ? url : url.slice(0, slash),
    path: slash < 0 ? '/' : url.slice(slash),
    headers: header === undefined ? {} : { [name]: value },
  };
}
