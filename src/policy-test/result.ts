// What came of EgressTests, as plain data: the command, JUnit and the HTTP API show the same.

import type { SourceLocation } from '../platform/diagnostic.ts';

export interface TestRun {
  readonly tests: readonly TestResult[];
  /** Of expectations. */
  readonly passed: number;
  readonly failed: number;
}

/** Of one EgressTest. */
export interface TestResult {
  readonly namespace: string;
  readonly name: string;
  readonly expectations: readonly Expectation[];
}

export interface Expectation {
  /** The field it stands in: `spec.mayReach[0]`. */
  readonly path: string;
  /** Where it was written, as far as that is known. */
  readonly source?: SourceLocation;
  /** `shop/payments may reach https://api.stripe.com` */
  readonly title: string;
  readonly passed: boolean;
  /** How many calls were judged for it. */
  readonly tried: number;
  /** None where it passed. */
  readonly failures: readonly Failure[];
}

/** One call of which something else would become than is expected. */
export interface Failure {
  /** Who calls: `shop/payments`. Empty where nobody could be found. */
  readonly caller: string;
  /** With its method, where one is meant: `POST http://api.test/v1`. */
  readonly call: string;
  /** `would leave`, `would be refused with 502`. */
  readonly outcome: string;
  /** All of them hold on this way; empty: always. */
  readonly when: readonly string[];
  readonly reason: string;
  /** That decides: `ServiceEntry/shop/api`; `default` where none does. */
  readonly object: string;
}
