// Conditions of a Deployment that are read by those who load no kinds.

/** Tells what keeps pods from running: a word, a sentence, then the last lines of the program's log. */
export const failureCondition = 'ReplicaFailure';
