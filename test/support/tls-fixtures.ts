// Certificates for tests: one authority, a server for localhost, *.example.test, *.wild.test and 127.0.0.1, and two
// clients. They are worth nothing outside the tests and are valid for a hundred years; the authority's key is gone.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

const folder = fileURLToPath(new URL('fixtures/tls/', import.meta.url));

function certificate(name: string): Certificate {
  return { cert: readFileSync(`${folder}${name}.pem`, 'utf8'), key: readFileSync(`${folder}${name}.key`, 'utf8') };
}

/** The authority that signed all of them. */
export const authority = readFileSync(`${folder}ca.pem`, 'utf8');
export const authorityFile = `${folder}ca.pem`;
export const serverCertificate = certificate('server');
/** Common names `client-1` and `client-2`. */
export const clientCertificates = [certificate('client-1'), certificate('client-2')] as const;
