// What a program must know of the way its traffic is captured. Where namespaces capture, nothing: it is redirected unasked.
// With proxy capture its Envoy is the proxy that it is to use, and it listens on an address of its own.
import type { Pod } from '../api/kinds/pod.ts';
import type { SandboxStatus } from '../runtime/protocol.ts';

/** Where a pod declares none. */
const usualPort = 8080;

export function captureEnvironment(pod: Pod, sandbox: SandboxStatus): Readonly<Record<string, string>> {
  const { outboundProxy, appIP } = sandbox;
  const listens = outboundProxy !== undefined || pod.spec.hostNetwork === true;
  return {
    ...(listens ? listenEnvironment(pod, appIP) : {}),
    ...(outboundProxy ? proxyEnvironment(outboundProxy, appIP) : {}),
  };
}

function listenEnvironment(pod: Pod, appIP: string) {
  const declared = pod.spec.containers.flatMap(({ ports }) => ports ?? []);
  return { HOST: appIP, PORT: String(declared[0]?.containerPort ?? usualPort) };
}

/** Both spellings: curl reads `http_proxy` in small letters only. */
function proxyEnvironment({ address, port }: NonNullable<SandboxStatus['outboundProxy']>, appIP: string) {
  const proxy = `http://${address}:${port}`;
  const none = `localhost,127.0.0.1,${appIP}`;
  return {
    HTTP_PROXY: proxy,
    HTTPS_PROXY: proxy,
    NO_PROXY: none,
    http_proxy: proxy,
    https_proxy: proxy,
    no_proxy: none,
    NODE_USE_ENV_PROXY: '1',
  };
}
