// Read by those who load no kinds.

/** On a pod template: changed by `rollout restart`, as by kubectl's, so that either tool restarts what the other did. */
export const restartedAtAnnotation = 'kubectl.kubernetes.io/restartedAt';
