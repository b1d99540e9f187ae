// How the long-running processes are started. V8 lets its young generation grow to 16 MB threefold while modules load and
// never gives it back; with 4 MB the control plane starts with 106 MB instead of 168, and pushes are as fast (bench/).

/** Stand before the script. */
export const serviceNodeArgs: readonly string[] = ['--max-semi-space-size=4'];
