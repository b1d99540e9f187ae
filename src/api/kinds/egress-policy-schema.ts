// Structure of egress.sallyport.dev EgressPolicy: which workloads may reach which hosts, and by which way. Flat on purpose:
// what takes four objects of Istio's is to be six lines. Names are Istio's where it has the same thing.
import { z } from 'zod';
import { problem } from '../finding.ts';
import type { Immutable } from '../immutable.ts';
import type { Finding } from '../kind.ts';
import { labelMap, metadataSchema } from '../metadata.ts';
import { parseProtocol, protocols } from '../protocol.ts';
import { shorten } from '../schema-messages.ts';
import { checked, portNumber, textList } from '../schema-parts.ts';
import { clientTlsSettings } from './destination-rule-tls.ts';
import { checkHost } from './service-entry-hosts.ts';

const host = checked(z.string(), checkHost);

const protocol = checked(z.string(), function* (text): Iterable<Finding> {
  const known = parseProtocol(text);
  if (known !== undefined && known !== 'auto' && known !== 'UDP') return;
  const served = protocols.filter((one) => one !== 'UDP').join(', ');
  yield problem('SP0315', [], `unsupported protocol: ${shorten(text)}`, `use one of ${served}`);
});

const port = z.strictObject({ number: portNumber, protocol: protocol.exactOptional() });

/** All that is written must be so of a workload. */
const source = z.strictObject({
  selector: z.strictObject({ matchLabels: labelMap.exactOptional() }).exactOptional(),
  serviceAccounts: textList.exactOptional(),
  namespaces: textList.exactOptional(),
});

export const egressPolicySchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: metadataSchema,
  spec: z.strictObject({
    from: z.array(source).max(64).exactOptional(),
    hosts: z.array(host).min(1, 'an EgressPolicy must have at least one host').max(256),
    ports: z.array(port).max(64).exactOptional(),
    methods: z.array(z.string().min(1)).max(64).exactOptional(),
    paths: z.array(z.string().min(1).max(1024)).max(256).exactOptional(),
    gateway: z.string().exactOptional(),
    tls: clientTlsSettings.exactOptional(),
    mode: z.enum(['open', 'report', 'enforce']).exactOptional(),
    expires: z.string().exactOptional(),
  }),
  status: z.unknown().exactOptional(),
});

export type EgressPolicy = Immutable<z.infer<typeof egressPolicySchema>>;
export type EgressPolicySpec = EgressPolicy['spec'];
export type EgressPolicySource = NonNullable<EgressPolicySpec['from']>[number];
export type EgressPolicyPort = NonNullable<EgressPolicySpec['ports']>[number];
