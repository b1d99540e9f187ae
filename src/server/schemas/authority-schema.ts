// The body about the certificate authority.
import { z } from 'zod';
import type { AuthorityStatus } from '../../identity/authority-status.ts';
import { componentSchema } from './components.ts';

const certificate = z.strictObject({
  subject: z.string(),
  fingerprint: z.string().describe('SHA-256, in hex with colons'),
  notBefore: z.string(),
  notAfter: z.string(),
  certificate: z.string().describe('PEM'),
});

export const authoritySchema = componentSchema(
  'Authority',
  z.strictObject({
    source: z.string().describe('`own`, `Secret/istio-system/cacerts`, or the folder of --ca-dir'),
    trustDomain: z.string(),
    issuer: certificate.describe("what signs workloads' certificates"),
    roots: z.array(
      certificate.extend({
        role: z
          .enum(['active', 'next', 'retired'])
          .describe('next: trusted, and nothing is signed under it yet; retired: trusted until nothing needs it'),
      }),
    ),
    certificateLifeSeconds: z.number(),
    certificates: z.int().describe('valid ones, of proxies that are served'),
    rotation: z
      .strictObject({
        phase: z.enum(['trusting', 'renewing']).describe('given the new root; given certificates under it'),
        waitingFor: z.array(z.string()).describe('namespace/name of proxies; the first of them'),
        until: z.string().exactOptional().describe('nobody is waited for longer'),
      })
      .exactOptional(),
    problem: z
      .strictObject({ source: z.string(), message: z.string(), hint: z.string() })
      .exactOptional()
      .describe("why the user's authority is not used"),
  }),
) satisfies z.ZodType<AuthorityStatus>;
