// What the evaluator does not know, or cannot find out: it says so instead of guessing. A verdict then depends on it.

export class Untellable extends Error {
  override readonly name = 'Untellable';
}
