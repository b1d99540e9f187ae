// What one asks of egress at runtime: which services call out, to which instance of a database one writes, and whether it
// stays in its own region. The instances stand outside of the mesh, in two regions; `notifications` is made to write to them.
import { type DatabaseInstance, databaseInstances, databasePorts } from '../internet/hosts.ts';
import { prints, shows } from './expectations.ts';
import type { Chapter, Stage } from './step.ts';

export function questions(stage: Stage): Chapter {
  const inNamespace = ['-n', stage.namespace];
  const instances = databaseInstances(stage.internet);
  const entries = instances.map(({ region }) => `orders-db-${region}`);
  return {
    title: 'Three questions: who calls out, which database, in which region',
    steps: [
      {
        intro: 'Which services call external APIs? Seen at their sidecars, without any gateway.',
        command: ['traffic', '--external', ...inNamespace, '--since', '5m'],
        expect: [
          shows('idgen calls httpbin.org', /idgen-v1 +httpbin\.org:80 +passthrough /),
          { says: 'what stays in the mesh is left out', holds: ({ stdout }) => !/ service +http/.test(stdout) },
        ],
        eventually: true,
      },
      {
        intro: 'A database outside has an instance in each of two regions. notifications is to write to both.',
        command: ['apply', '-f', '-'],
        input: instances.map((instance) => entryOf(stage, instance)).join('---\n'),
        expect: [prints(...entries.map((name) => `serviceentry.networking.istio.io/${name} created`))],
      },
      {
        command: [
          ...inNamespace,
          ...['set', 'env', 'deployment/notifications-v1'],
          `REQUESTS=${instances.map(({ host }) => `tcp://${host}:${databasePorts.asked}/#1`).join(' ')}`,
        ],
        expect: [prints('deployment.apps/notifications-v1 env updated')],
      },
      {
        command: ['rollout', 'status', 'deployment/notifications-v1', ...inNamespace],
        expect: [shows('the new pod has taken over', /successfully rolled out/)],
      },
      {
        intro: 'Which instance does it write to? And does it send traffic in its own region only? It does not.',
        command: ['traffic', 'deploy/notifications-v1', ...inNamespace, '--external', '--since', '1m', '-o', 'wide'],
        expect: instances.map((instance) => shows(`it writes to the one in ${instance.region}`, writtenTo(instance))),
        eventually: true,
      },
      {
        command: [...inNamespace, 'set', 'env', 'deployment/notifications-v1', 'REQUESTS-'],
        expect: [prints('deployment.apps/notifications-v1 env updated')],
      },
      {
        command: ['delete', 'serviceentry', ...inNamespace, ...entries],
        expect: [prints(...entries.map((name) => `serviceentry.networking.istio.io "${name}" deleted`))],
      },
    ],
  };
}

/** A line of `traffic -o wide` whose peer has the instance's address and place. */
function writtenTo({ host, address, region, zone }: DatabaseInstance): RegExp {
  const words = [`${host}:${databasePorts.asked}`, `${address} (${region}/${zone})`].map(RegExp.escape);
  return new RegExp(`notifications-v1 +${words[0]} +external .* ${words[1]} ×\\d`);
}

function entryOf({ namespace }: Stage, { region, zone, host, address }: DatabaseInstance): string {
  return `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata:
  name: orders-db-${region}
  namespace: ${namespace}
spec:
  hosts:
  - ${host}
  ports:
  - number: ${databasePorts.asked}
    name: tcp
    protocol: TCP
  resolution: STATIC
  location: MESH_EXTERNAL
  endpoints:
  - address: ${address}
    locality: ${region}/${zone}
    ports:
      tcp: ${databasePorts.served}
`;
}
