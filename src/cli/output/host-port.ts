// Where traffic goes to, as people write it.

/** `api.example.com:443`, `[2001:db8::1]:443`; the host alone where the port is not known (0). */
export function formatHostPort({ host, port }: { readonly host: string; readonly port: number }): string {
  if (port === 0) return host;
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
