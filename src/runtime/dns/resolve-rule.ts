// stub
import type { ResolveRule } from '../protocol.ts';

/** Parses `HOST[:PORT]=IP[:PORT]`; throws SallyportError (exit code 2). */
export declare function parseResolveRule(text: string): ResolveRule;
