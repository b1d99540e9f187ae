// What a newcomer may do next, as commands to copy.

export function whatToTry(program: string, namespace: string, curl: string): readonly string[] {
  const where = namespace === 'default' ? '' : ` -n ${namespace}`;
  return [
    '',
    'Try, in another terminal:',
    `  ${program} get deployments${where}`,
    `  ${program} set env deployment/notifications-v1${where} 'REQUESTS=http://httpbin.org/get#1'`,
    `  ${program} logs deploy/notifications-v1${where} -c istio-proxy -f`,
    `  ${program} istio outbound-traffic-policy restricted`,
    `  ${program} exec deploy/notifications-v1${where} -- ${curl} -i http://httpbin.org/get`,
    `  ${program} demo --tour                    plays the whole story on this mesh, step by step`,
    '',
  ];
}
