// Bytes as text that may stand in a name. Kubernetes' alphabet: no vowels, so that no words come out, and nothing that
// is mistaken for something else.

const alphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** One character for each of the first bytes. */
export function safeText(bytes: Uint8Array, length: number): string {
  return Array.from(bytes.subarray(0, length), (byte) => alphabet[byte % alphabet.length]).join('');
}
