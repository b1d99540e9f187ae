// How rules of AuthorizationPolicies are called in Envoy's RBAC, and so in what it says of those that it refused.

/** `AuthorizationPolicy/shop/web[0]` */
export function ruleName(policy: string, index: number): string {
  return `${policy}[${index}]`;
}

/** The policy of such a rule. */
export function policyOfRule(name: string): string {
  return name.replace(/\[\d+\]$/, '');
}
