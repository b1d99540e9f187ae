// What the external API of ids answers: `{"uuid": "…"}`.

const form = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The id of such an answer; undefined if it is something else. */
export function readUuid(body: string): string | undefined {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value !== 'object' || value === null || !('uuid' in value)) return undefined;
    return typeof value.uuid === 'string' && form.test(value.uuid) ? value.uuid : undefined;
  } catch {
    return undefined;
  }
}
