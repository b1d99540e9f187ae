// The values of tags that a Telemetry sets: expressions in CEL, of which constants are acted on.
import { readCelTokens } from '../cel-tokens.ts';

/** `'blue'` or `8080`; undefined for everything that asks something. The caller bounds the length. */
export function constantOf(expression: string): string | undefined {
  const { tokens, mistake } = readCelTokens(expression);
  const [token, ...others] = tokens;
  if (mistake !== undefined || others.length > 0) return undefined;
  if (token?.kind === 'text') return token.value;
  return token?.kind === 'number' ? numberOf(token.value) : undefined;
}

/** As it is told: `0x1F4` and `500u` are 500. */
function numberOf(written: string): string {
  return written.includes('.') ? String(Number(written)) : String(BigInt(written.replace('u', '')));
}
