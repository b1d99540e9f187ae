// What an EgressPolicy stands for, below the policy: who is let out, and the objects of Istio in its place.
// Invariant: `get -o yaml` prints it as comments, so that what is applied again is the policy and nothing else. With both stored
// the policy would hold for none of the hosts that its own VirtualServices speak of.
import type { ExpansionBody } from '../../server/wire.ts';
import { formatStructured } from './structured.ts';

/** For `describe`. */
export async function expansionLines({ objects, admission }: ExpansionBody): Promise<readonly string[]> {
  return [
    'Who:',
    ...admission.map((line) => `  ${line}`),
    ...(objects.length === 0
      ? ['Stands for:    <nothing>']
      : ['Stands for (not stored):', ...(await documents(objects)).map((line) => `  ${line}`)]),
  ];
}

/** For YAML. */
export async function expansionComment({ objects }: ExpansionBody): Promise<string> {
  if (objects.length === 0) return '';
  const title = 'It stands for these objects, which are not stored:';
  return [title, ...(await documents(objects))].map((line) => `# ${line}\n`).join('');
}

async function documents(objects: ExpansionBody['objects']): Promise<readonly string[]> {
  const texts = await Promise.all(objects.map((object) => formatStructured('yaml', object)));
  return texts.flatMap((text) => ['---', ...text.trimEnd().split('\n')]);
}
