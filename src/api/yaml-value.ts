// YAML nodes -> plain values, as JSON would give them. Stricter than YAML where YAML can hurt: no merge keys, no
// tags but the core ones, no key twice, few aliases (a "billion laughs" is an error after a hundred of them).
import { type Alias, isAlias, isCollection, isMap, isScalar, isSeq, type Node, type Scalar, type YAMLMap } from 'yaml';
import { problem } from './finding.ts';
import type { Finding } from './kind.ts';
import { shorten } from './schema-messages.ts';
import { deepestNesting } from './without-nulls.ts';
import type { TextMistake } from './yaml-text.ts';

const mostAliases = 100;
const mostAliasedNodes = 100_000;
const coreTag = /^tag:yaml\.org,2002:(str|int|float|bool|null|map|seq)$/;

export interface YamlValue {
  readonly value: unknown;
  readonly mistakes: readonly TextMistake[];
  /** What each alias stands for; for finding places again. */
  readonly targets: ReadonlyMap<Alias, Node>;
}

/** The value of a document's root. With mistakes the value is what could be read. */
export function readYamlValue(root: Node): YamlValue {
  const reader: Reader = {
    mistakes: [],
    targets: new Map(),
    anchors: new Map(),
    aliases: 0,
    aliasedNodes: 0,
    inAlias: 0,
  };
  const value = readNode(reader, root, 0);
  return { value, mistakes: reader.mistakes, targets: reader.targets };
}

/** The state of one reading. */
interface Reader {
  readonly mistakes: TextMistake[];
  readonly targets: Map<Alias, Node>;
  readonly anchors: Map<string, Node>;
  aliases: number;
  aliasedNodes: number;
  /** How many aliases the node being read stands within. */
  inAlias: number;
}

function readNode(reader: Reader, node: unknown, depth: number): unknown {
  if (isAlias(node)) return readAlias(reader, node, depth);
  if (!isScalar(node) && !isCollection(node)) return undefined;
  if (reader.inAlias > 0) reader.aliasedNodes += 1;
  if (reader.aliasedNodes > mostAliasedNodes) return undefined;
  if (node.anchor !== undefined) reader.anchors.set(node.anchor, node);
  if (node.tag !== undefined && !coreTag.test(node.tag)) {
    refuse(
      reader,
      node,
      problem(
        'SP0008',
        [],
        `tag ${shorten(node.tag.replace(/^tag:yaml\.org,2002:/, '!!'))} is not known`,
        'remove the tag',
      ),
    );
  }
  if (isScalar(node)) return readScalar(reader, node);
  if (depth >= deepestNesting) {
    return refuse(reader, node, problem('SP0004', [], `nested deeper than ${deepestNesting} levels`, 'flatten it'));
  }
  if (isMap(node)) return readMap(reader, node, depth);
  return isSeq(node) ? node.items.map((item) => readNode(reader, item, depth + 1)) : undefined;
}

function readMap(reader: Reader, map: YAMLMap, depth: number): unknown {
  const entries = new Map<string, unknown>();
  for (const pair of map.items) {
    const key = readKey(reader, map, pair.key);
    if (key === undefined) continue;
    if (entries.has(key)) {
      refuse(reader, pair.key, problem('SP0006', [], `'${shorten(key)}' is given twice`, 'remove one of them'));
    } else {
      entries.set(key, readNode(reader, pair.value, depth + 1));
    }
  }
  // fromEntries makes own properties, also of a key named __proto__.
  return Object.fromEntries(entries);
}

function readKey(reader: Reader, map: YAMLMap, key: unknown): string | undefined {
  if (!isScalar(key) || key.value === null || key.value === undefined) {
    const finding = problem('SP0009', [], 'a key is not a text', 'write the key as a plain word');
    refuse(reader, isScalar(key) || isCollection(key) || isAlias(key) ? key : map, finding);
    return undefined;
  }
  const text = scalarText(key);
  if (text !== '<<' || key.type !== 'PLAIN') return text;
  refuse(reader, key, problem('SP0007', [], "merge keys ('<<') are not read", 'write the fields out'));
  return undefined;
}

function readScalar(reader: Reader, scalar: Scalar): unknown {
  const { value } = scalar;
  if (typeof value === 'bigint' || (typeof value === 'number' && !isExact(value))) {
    const message = `the number ${shorten(scalarText(scalar))} cannot be kept exactly`;
    refuse(reader, scalar, problem('SP0010', [], message, 'put it in quotes'));
  }
  return value;
}

function isExact(value: number): boolean {
  return Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value);
}

/** A key or number as it was written. */
export function scalarText(scalar: Scalar): string {
  return typeof scalar.value === 'string' ? scalar.value : (scalar.source ?? String(scalar.value));
}

function readAlias(reader: Reader, alias: Alias, depth: number): unknown {
  const target = reader.anchors.get(alias.source);
  if (target === undefined) {
    const message = `there is no anchor &${shorten(alias.source)} before this`;
    return refuse(reader, alias, problem('SP0012', [], message, 'define the anchor first'));
  }
  reader.targets.set(alias, target);
  reader.aliases += 1;
  if (reader.aliases > mostAliases) return refuseAlias(reader, alias);
  reader.inAlias += 1;
  const value = readNode(reader, target, depth);
  reader.inAlias -= 1;
  return reader.aliasedNodes > mostAliasedNodes ? refuseAlias(reader, alias) : value;
}

/** Once: the same for every further alias would fill screens. */
function refuseAlias(reader: Reader, alias: Alias): undefined {
  const finding = problem('SP0005', [], 'the aliases stand for too much', 'write the values out');
  if (!reader.mistakes.some((mistake) => mistake.finding.code === finding.code)) refuse(reader, alias, finding);
  return undefined;
}

function refuse(reader: Reader, node: unknown, finding: Finding): undefined {
  const range = isScalar(node) || isCollection(node) || isAlias(node) ? node.range : undefined;
  reader.mistakes.push({ finding, offset: range?.[0] ?? 0 });
  return undefined;
}
