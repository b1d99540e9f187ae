// The whole tour, in the order of the documents that it plays.
import { externalServices } from './external-services.ts';
import { monitoring } from './monitoring.ts';
import { registeredOnly } from './registered-only.ts';
import type { Chapter, Stage } from './step.ts';

export function tourChapters(stage: Stage): readonly Chapter[] {
  return [externalServices(stage), registeredOnly(stage), monitoring(stage)];
}
