// The forms of names that Kubernetes asks for (RFC 1123): of objects, namespaces, ports, label keys and values.

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const dnsLabel = new RegExp(`^${label}$`);
const dnsSubdomain = new RegExp(`^${label}(\\.${label})*$`);
const qualifiedName = /^[A-Za-z0-9]([-_.A-Za-z0-9]*[A-Za-z0-9])?$/;

export const dnsLabelForm = "lower case letters, digits and '-', a letter or digit at both ends, at most 63 characters";
export const dnsSubdomainForm =
  "lower case letters, digits, '-' and '.', a letter or digit at both ends, at most 253 characters";

export function isDnsLabel(text: string): boolean {
  return text.length <= 63 && dnsLabel.test(text);
}

export function isDnsSubdomain(text: string): boolean {
  return text.length <= 253 && dnsSubdomain.test(text);
}

/** A key of labels or annotations: `app`, `security.istio.io/tlsMode`. */
export function isQualifiedName(text: string): boolean {
  const slash = text.indexOf('/');
  if (slash >= 0 && !isDnsSubdomain(text.slice(0, slash))) return false;
  const name = text.slice(slash + 1);
  return name.length <= 63 && qualifiedName.test(name);
}

export function isLabelValue(text: string): boolean {
  return text === '' || (text.length <= 63 && qualifiedName.test(text));
}
