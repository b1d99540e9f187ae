// The values of tags that a Telemetry sets: expressions in CEL, of which constants are acted on.
import { readCelTokens } from '../cel-tokens.ts';

/** `'blue'` or `8080`; undefined for everything that asks something. */
export function constantOf(expression: string): string | undefined {
  const { tokens, mistake } = readCelTokens(expression);
  const [token, ...others] = tokens;
  if (mistake !== undefined || others.length > 0) return undefined;
  return token?.kind === 'text' || token?.kind === 'number' ? token.value : undefined;
}
