// As much of ASN.1's distinguished encoding (X.690) as a certificate needs, written and read. By hand, since the library
// that can do it costs the control plane 24 MB, 300 ms to load and 3 ms for each certificate.

/** Identifier octets. */
const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectId: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Of `[n]`. */
export function contextTag(number: number, constructed: boolean): number {
  return (constructed ? 0xa0 : 0x80) | number;
}

export function element(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.from([tag]), lengthOctets(body.length), body]);
}

function lengthOctets(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const digits = length.toString(16);
  const octets = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
  return Buffer.concat([Buffer.from([0x80 | octets.length]), octets]);
}

export function sequence(...items: readonly Uint8Array[]): Buffer {
  return element(tags.sequence, ...items);
}

export function set(...items: readonly Uint8Array[]): Buffer {
  return element(tags.set, ...items);
}

export const derTrue = element(tags.boolean, Buffer.from([0xff]));
export const derNull = element(tags.null);

/** Not negative, most significant octet first. */
export function integer(octets: Uint8Array): Buffer {
  const first = octets.findIndex((octet) => octet !== 0);
  const digits = first < 0 ? Buffer.from([0]) : Buffer.from(octets.subarray(first));
  const sign = (digits[0] ?? 0) >= 0x80 ? [Buffer.from([0])] : [];
  return element(tags.integer, ...sign, digits);
}

export function octetString(content: Uint8Array): Buffer {
  return element(tags.octetString, content);
}

/** `unused`: bits at the end that do not count. */
export function bitString(content: Uint8Array, unused = 0): Buffer {
  return element(tags.bitString, Buffer.from([unused]), content);
}

export function utf8(text: string): Buffer {
  return element(tags.utf8, Buffer.from(text, 'utf8'));
}

/** `2.5.29.15` */
export function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return element(tags.objectId, Buffer.from([40 * first + second, ...rest.flatMap(base128)]));
}

function base128(value: number): readonly number[] {
  const octets = [value % 128];
  for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128)) octets.unshift(0x80 | (left % 128));
  return octets;
}

/** To the second; RFC 5280 4.1.2.5 wants two digits for the year before 2050. */
export function time(milliseconds: number): Buffer {
  const digits = `${new Date(milliseconds).toISOString().slice(0, 19).replaceAll(/\D/g, '')}Z`;
  const short = Number(digits.slice(0, 4)) < 2050;
  return element(short ? tags.utcTime : tags.generalizedTime, Buffer.from(short ? digits.slice(2) : digits, 'latin1'));
}

export interface DerElement {
  readonly tag: number;
  readonly content: Buffer;
  /** Identifier and length too. */
  readonly whole: Buffer;
}

/** The elements one after the other. Throws a RangeError where they break off. */
export function elementsOf(content: Uint8Array): readonly DerElement[] {
  const octets = Buffer.from(content);
  const elements: DerElement[] = [];
  for (let at = 0; at < octets.length; ) {
    const first = octets.readUInt8(at + 1);
    const more = first < 0x80 ? 0 : first & 0x7f;
    const begin = at + 2 + more;
    const end = begin + (more === 0 ? first : octets.readUIntBE(at + 2, more));
    if (end > octets.length) throw new RangeError('the element is longer than what holds it');
    elements.push({ tag: octets.readUInt8(at), content: octets.subarray(begin, end), whole: octets.subarray(at, end) });
    at = end;
  }
  return elements;
}
