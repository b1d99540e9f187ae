// The whole tour: what sidecars alone do, then gateways.
import { externalServices } from './external-services.ts';
import { gateways } from './gateways.ts';
import { httpsEgress } from './https-egress.ts';
import { monitoring } from './monitoring.ts';
import { questions } from './questions.ts';
import { registeredOnly } from './registered-only.ts';
import type { Chapter, Stage } from './step.ts';

export function tourChapters(stage: Stage): readonly Chapter[] {
  return [
    externalServices(stage),
    registeredOnly(stage),
    monitoring(stage),
    questions(stage),
    gateways(stage),
    httpsEgress(stage),
  ];
}
