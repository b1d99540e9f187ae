// The authority and what is trusted, kept in the data folder so that a restart goes on where it was: one file, replaced as a
// whole, that its user alone may read. It holds the key that can make anyone of the mesh.

import { createPrivateKey } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { writeFileAtomically } from '../platform/atomic-file.ts';
import { messageOf, SallyportError, systemCode } from '../platform/errors.ts';
import type { Authority } from './authority.ts';
import { readCertificates, writeCertificates } from './pem-certificates.ts';
import type { Trust } from './trust.ts';

const authoritySchema = z.strictObject({
  source: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('own') }),
    z.strictObject({ kind: z.literal('secret'), name: z.string() }),
    z.strictObject({ kind: z.literal('folder'), path: z.string() }),
  ]),
  certificate: z.string(),
  key: z.string(),
  chain: z.string(),
  roots: z.string(),
});

const trustSchema = z.strictObject({
  version: z.literal(1),
  issuer: authoritySchema,
  next: authoritySchema.exactOptional(),
  retired: z.strictObject({ roots: z.string(), until: z.number() }).exactOptional(),
  longestLifeMs: z.number(),
});

/** Undefined where there is none yet. Throws SallyportError `SP_CA_FILE`: another root in its place would cut off all proxies. */
export function readTrust(file: string): Trust | undefined {
  try {
    const { issuer, next, retired, longestLifeMs } = trustSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
    return {
      issuer: readAuthority(issuer),
      longestLifeMs,
      ...(next && { next: readAuthority(next) }),
      ...(retired && { retired: { roots: readCertificates(retired.roots), until: retired.until } }),
    };
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw new SallyportError('SP_CA_FILE', `the authority in ${file} cannot be read: ${messageOf(error)}`, {
      hint: 'put back a copy of it; without one remove it, and start all workloads anew',
      cause: error,
    });
  }
}

export function writeTrust(file: string, { issuer, next, retired, longestLifeMs }: Trust): void {
  const folder = dirname(file);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const content: z.infer<typeof trustSchema> = {
    version: 1,
    issuer: authorityText(issuer),
    longestLifeMs,
    ...(next && { next: authorityText(next) }),
    ...(retired && { retired: { roots: writeCertificates(retired.roots), until: retired.until } }),
  };
  writeFileAtomically(file, `${JSON.stringify(content, undefined, 2)}\n`);
}

type AuthorityText = z.infer<typeof authoritySchema>;

function readAuthority({ source, certificate, key, chain, roots }: AuthorityText): Authority {
  const [own] = readCertificates(certificate);
  const authority = {
    key: createPrivateKey(key),
    chain: readCertificates(chain),
    roots: readCertificates(roots),
    source,
  };
  if (own === undefined || authority.roots.length === 0) throw new Error('a certificate is missing');
  if (!own.checkPrivateKey(authority.key)) throw new Error('the key is not that of the certificate');
  return { certificate: own, ...authority };
}

function authorityText({ source, certificate, key, chain, roots }: Authority): AuthorityText {
  return {
    source,
    certificate: writeCertificates([certificate]),
    key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    chain: writeCertificates(chain),
    roots: writeCertificates(roots),
  };
}
