// Which proxy a URL needs, by options and environment, as curl decides it. HTTP_PROXY counts in capitals too: in the mesh
// nobody else can set it.
const { BlockList, isIP } = require('node:net');

function proxyFor(url, options, env = process.env) {
  const secure = url.protocol === 'https:';
  const own = secure ? (env.https_proxy ?? env.HTTPS_PROXY) : (env.http_proxy ?? env.HTTP_PROXY);
  const address = options.proxy ?? (own || env.all_proxy || env.ALL_PROXY);
  const noProxy = options.noProxy ?? env.no_proxy ?? env.NO_PROXY ?? '';
  if (!address || isExempt(noProxy, hostOf(url))) return undefined;
  const proxy = new URL(address.includes('://') ? address : `http://${address}`);
  return { host: hostOf(proxy), port: Number(proxy.port) || 1080 };
}

/** Names with all below them, addresses, ranges of addresses, or `*`; divided by commas or spaces. */
function isExempt(noProxy, host) {
  return noProxy
    .split(/[\s,]+/)
    .filter(Boolean)
    .some((entry) => {
      if (entry === '*') return true;
      if (isIP(host) !== 0) return entry === host || inRange(entry, host);
      const name = entry.toLowerCase().replace(/^\./, '');
      return host === name || host.endsWith(`.${name}`);
    });
}

function inRange(entry, address) {
  const [network = '', bits] = entry.split('/');
  const family = isIP(network);
  if (bits === undefined || family === 0 || family !== isIP(address)) return false;
  const list = new BlockList();
  const kind = family === 4 ? 'ipv4' : 'ipv6';
  try {
    list.addSubnet(network, Number(bits), kind);
  } catch {
    return false;
  }
  return list.check(address, kind);
}

/** The host without the brackets of an IPv6 address. */
function hostOf(url) {
  return url.hostname.replace(/^\[|\]$/g, '');
}

module.exports = { hostOf, proxyFor };
