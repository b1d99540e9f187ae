// JSON and YAML for other programs, in kubectl's layout.

/** Text that ends in a newline. In YAML, strings that YAML 1.1 would read otherwise are quoted. */
export async function formatStructured(form: 'json' | 'yaml', value: unknown): Promise<string> {
  if (form === 'json') return `${JSON.stringify(value, null, 4)}\n`;
  const { stringify } = await import('yaml');
  return stringify(value, { indentSeq: false, lineWidth: 0, aliasDuplicateObjects: false, compat: 'yaml-1.1' });
}
