// What can go wrong with a transfer, by curl's numbers and in its words.

class CurlFailure extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

const certificateProblems = new Map([
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate in certificate chain'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'unable to get local issuer certificate'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unable to get local issuer certificate'],
  ['CERT_HAS_EXPIRED', 'certificate has expired'],
  ['CERT_NOT_YET_VALID', 'certificate is not yet valid'],
  ['CERT_SIGNATURE_FAILURE', 'certificate signature failure'],
]);

/** Reaching the host or the proxy. */
function connectFailure(error, { host, port, isProxy, ms }) {
  if (error.syscall === 'getaddrinfo') {
    return isProxy
      ? new CurlFailure(5, `Could not resolve proxy: ${host}`)
      : new CurlFailure(6, `Could not resolve host: ${host}`);
  }
  const took = `after ${Math.round(ms)} ms`;
  return new CurlFailure(7, `Failed to connect to ${host} port ${port} ${took}: Couldn't connect to server`);
}

/** The TLS handshake. */
function handshakeFailure(error, { host, port }) {
  if (error.code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return new CurlFailure(60, `SSL: no alternative certificate subject name matches target host name '${host}'`);
  }
  const problem = certificateProblems.get(error.code);
  if (problem !== undefined) return new CurlFailure(60, `SSL certificate problem: ${problem}`);
  if (error.syscall === 'read' && error.code === 'ECONNRESET') {
    return new CurlFailure(35, 'Recv failure: Connection reset by peer');
  }
  if (error.code === 'ECONNRESET' || error.code === 'EPIPE') {
    return new CurlFailure(35, `OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to ${host}:${port} `);
  }
  return new CurlFailure(35, `TLS connect error: ${error.reason ?? error.message}`);
}

/** Waiting for the answer, or reading it. `broken` is the error of the connection itself, if it had one. */
function receiveFailure(error, broken) {
  if (error instanceof CurlFailure) return error;
  if (broken?.code === 'ECONNRESET') return new CurlFailure(56, 'Recv failure: Connection reset by peer');
  if (broken?.code === 'EPIPE') return new CurlFailure(55, 'Send failure: Broken pipe');
  if (error.code === 'HPE_INVALID_CONSTANT') return new CurlFailure(1, 'Received HTTP/0.9 when not allowed');
  if (typeof error.code === 'string' && error.code.startsWith('HPE_')) return new CurlFailure(8, 'Weird server reply');
  if (error.code === 'ECONNRESET') return new CurlFailure(52, 'Empty reply from server');
  return new CurlFailure(56, error.message);
}

module.exports = { CurlFailure, connectFailure, handshakeFailure, receiveFailure };
