// Plays the tour: prints each command as a user would type it, runs it, prints what it really said, and checks it.
import { setTimeout as delay } from 'node:timers/promises';
import { allHold } from './expectations.ts';
import type { Chapter, Facts, Outcome, Step } from './step.ts';

export interface Player {
  /** Name of the program in front of each command. */
  readonly program: string;
  run(step: Step, signal: AbortSignal): Promise<Outcome>;
  print(line: string): void;
  /** Marks a line that went well or ill, and titles, where colours are wanted. */
  paint(line: string, as: 'title' | 'command' | 'good' | 'bad'): string;
  readonly signal: AbortSignal;
}

export interface TourResult {
  readonly held: number;
  readonly failed: number;
}

const eventuallyMs = 15_000;
const pauseMs = 150;

export async function play(chapters: readonly Chapter[], player: Player): Promise<TourResult> {
  let held = 0;
  let failed = 0;
  let facts: Facts = {};
  for (const [index, { title, steps }] of chapters.entries()) {
    player.print('');
    player.print(player.paint(`${index + 1}. ${title}`, 'title'));
    for (const written of steps) {
      player.signal.throwIfAborted();
      const step = filledIn(written, facts);
      const outcome = await perform(step, player);
      facts = { ...facts, ...step.learn?.(outcome.stdout) };
      for (const expectation of step.expect) {
        const good = expectation.holds(outcome);
        if (good) held += 1;
        else failed += 1;
        player.print(player.paint(good ? `✓ ${expectation.says}` : `✗ ${expectation.says}`, good ? 'good' : 'bad'));
      }
    }
  }
  return { held, failed };
}

async function perform(step: Step, player: Player): Promise<Outcome> {
  player.print('');
  if (step.intro !== undefined) player.print(step.intro);
  for (const line of typed(step, player.program)) player.print(player.paint(line, 'command'));
  const deadline = performance.now() + eventuallyMs;
  let outcome = await player.run(step, player.signal);
  while (step.eventually === true && !allHold(step.expect, outcome) && performance.now() < deadline) {
    await delay(pauseMs, undefined, { signal: player.signal });
    outcome = await player.run(step, player.signal);
  }
  for (const line of lines(outcome.stdout)) player.print(line);
  for (const line of lines(outcome.stderr)) player.print(line);
  return outcome;
}

/** The step with what is known in the place of `{name}`. */
export function filledIn(step: Step, facts: Facts): Step {
  const known = new Map(Object.entries(facts));
  const fill = (text: string) => text.replace(/\{(\w+)\}/g, (all, name) => known.get(name) ?? all);
  return {
    ...step,
    command: step.command.map(fill),
    ...(step.input === undefined ? {} : { input: fill(step.input) }),
  };
}

/** The command as a user types it in a shell, line by line. */
export function typed({ command, onHost = false, input }: Step, program: string): readonly string[] {
  const words = (onHost ? command : [program, ...command]).map(quoted).join(' ');
  return input === undefined ? [`$ ${words}`] : [`$ ${words} <<EOF`, ...lines(input), 'EOF'];
}

/** As a shell needs it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function lines(text: string): readonly string[] {
  const all = text.replaceAll('\r', '').split('\n');
  return all.at(-1) === '' ? all.slice(0, -1) : all;
}
