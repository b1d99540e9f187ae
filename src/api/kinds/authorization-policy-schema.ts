// Structure of security.istio.io AuthorizationPolicy, every field of it.
import { z } from 'zod';
import type { Immutable } from '../immutable.ts';
import { labelMap, metadataSchema } from '../metadata.ts';
import { textList } from '../schema-parts.ts';

const text = z.string().exactOptional();
const texts = textList.max(1024).exactOptional();
const targetRef = z.strictObject({ group: text, kind: z.string(), name: z.string(), namespace: text });

const source = z.strictObject({
  principals: texts,
  notPrincipals: texts,
  requestPrincipals: texts,
  notRequestPrincipals: texts,
  namespaces: texts,
  notNamespaces: texts,
  serviceAccounts: texts,
  notServiceAccounts: texts,
  ipBlocks: texts,
  notIpBlocks: texts,
  remoteIpBlocks: texts,
  notRemoteIpBlocks: texts,
});

const operation = z.strictObject({
  hosts: texts,
  notHosts: texts,
  ports: texts,
  notPorts: texts,
  methods: texts,
  notMethods: texts,
  paths: texts,
  notPaths: texts,
});

const condition = z.strictObject({ key: z.string(), values: texts, notValues: texts });

const rule = z.strictObject({
  from: z.array(z.strictObject({ source })).max(512).exactOptional(),
  to: z.array(z.strictObject({ operation })).max(512).exactOptional(),
  when: z.array(condition).max(512).exactOptional(),
});

export const authorizationPolicySchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: metadataSchema,
  spec: z
    .strictObject({
      selector: z.strictObject({ matchLabels: labelMap.exactOptional() }).exactOptional(),
      targetRef: targetRef.exactOptional(),
      targetRefs: z.array(targetRef).exactOptional(),
      rules: z.array(rule).max(512).exactOptional(),
      action: z.enum(['ALLOW', 'DENY', 'AUDIT', 'CUSTOM']).exactOptional(),
      provider: z.strictObject({ name: text }).exactOptional(),
    })
    .exactOptional(),
  status: z.unknown().exactOptional(),
});

export type AuthorizationPolicy = Immutable<z.infer<typeof authorizationPolicySchema>>;
export type AuthorizationPolicySpec = NonNullable<AuthorizationPolicy['spec']>;
export type AuthorizationRule = NonNullable<AuthorizationPolicySpec['rules']>[number];
export type RuleSource = NonNullable<AuthorizationRule['from']>[number]['source'];
export type RuleOperation = NonNullable<AuthorizationRule['to']>[number]['operation'];
export type RuleCondition = NonNullable<AuthorizationRule['when']>[number];
