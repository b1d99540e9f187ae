// The metadata every object has. Fields that a server sets are accepted in files too, as `get -o yaml` prints them.
import { z } from 'zod';
import {
  dnsLabelForm,
  dnsSubdomainForm,
  isDnsLabel,
  isDnsSubdomain,
  isLabelValue,
  isQualifiedName,
} from './dns-name.ts';
import { problem } from './finding.ts';
import type { Finding } from './kind.ts';
import { shorten } from './schema-messages.ts';
import { checked, passedFields, stringMap } from './schema-parts.ts';

const keyForm = "letters, digits, '-', '_' and '.', at most 63, after an optional prefix such as example.com/";
const largestAnnotations = 256 * 1024;

export const labelMap = checked(stringMap, function* (labels): Iterable<Finding> {
  for (const [key, value] of Object.entries(labels)) {
    if (!isQualifiedName(key)) yield problem('SP0203', [key], `'${shorten(key)}' is not a label key`, keyForm);
    if (typeof value === 'string' && !isLabelValue(value)) {
      const hint = "letters, digits, '-', '_' and '.', a letter or digit at both ends, at most 63 characters";
      yield problem('SP0203', [key], `'${shorten(value)}' is not a label value`, hint);
    }
  }
});

export const annotationMap = checked(stringMap, function* (annotations): Iterable<Finding> {
  let size = 0;
  for (const [key, value] of Object.entries(annotations)) {
    size += key.length + String(value).length;
    if (!isQualifiedName(key)) yield problem('SP0204', [key], `'${shorten(key)}' is not an annotation key`, keyForm);
  }
  if (size > largestAnnotations) {
    yield problem('SP0204', [], `annotations have ${size} characters`, `keep them under ${largestAnnotations}`);
  }
});

const objectName = checked(z.string(), function* (name): Iterable<Finding> {
  if (isDnsSubdomain(name)) return;
  yield problem('SP0201', [], `'${shorten(name)}' is not a name of an object`, dnsSubdomainForm);
});

const namespaceName = checked(z.string(), function* (name): Iterable<Finding> {
  if (isDnsLabel(name)) return;
  yield problem('SP0202', [], `'${shorten(name)}' is not a name of a namespace`, dnsLabelForm);
});

const ownerReference = z.strictObject({
  apiVersion: z.string(),
  kind: z.string(),
  name: z.string(),
  uid: z.string(),
  controller: z.boolean().exactOptional(),
  blockOwnerDeletion: z.boolean().exactOptional(),
});

export const metadataSchema = z.strictObject({
  name: objectName,
  namespace: namespaceName.exactOptional(),
  labels: labelMap.exactOptional(),
  annotations: annotationMap.exactOptional(),
  uid: z.string().exactOptional(),
  resourceVersion: z.string().exactOptional(),
  generation: z.int().exactOptional(),
  creationTimestamp: z.string().exactOptional(),
  ownerReferences: z.array(ownerReference).exactOptional(),
  ...passedFields(['finalizers', 'managedFields', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'selfLink']),
});
