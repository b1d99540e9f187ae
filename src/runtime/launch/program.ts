// stub
/** The program's own pid on the host, by its launcher's; undefined while or when it does not run. */
export declare function programPid(launcherPid: number): number | undefined;
/** Sends a signal to the program itself. False if it does not run. */
export declare function signalProgram(launcherPid: number, signal: NodeJS.Signals): boolean;
