// The authority's certificate in its folder: the file that programs trust (SSL_CERT_FILE, NODE_EXTRA_CA_CERTS).
export const authorityName = 'ca.pem';
