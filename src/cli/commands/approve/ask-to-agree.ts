import type { SeedInQuestion } from "../../../trust/seed-consent.ts";
import type { Cli, SharedFlags } from "../../command.ts";

/** Is there somebody at a terminal who can be asked, and an answer that is for people? */
export function canAskHere({ json }: SharedFlags): boolean {
  return !json && process.stdin.isTTY === true && process.stdout.isTTY === true;
}

/** Shows every command of a seed and asks whether they may be run; undefined when the person left instead. */
export async function askToAgree(cli: Cli, question: SeedInQuestion): Promise<boolean | undefined> {
  const [{ openKeyboard }, { wrap }] = await Promise.all([
    import("../interview/keyboard.ts"),
    import("../interview/wrap.ts"),
  ]);
  const keyboard = openKeyboard(cli);
  keyboard.show(questionLines(question).flatMap((line) => wrap(line, keyboard.style.width)));
  return keyboard.yes("Run these commands on this machine, as you?", false);
}

/** A seed that somebody may agree to: what it is for, and every command of its checks. */
export function questionLines({ goal, commands, seed_hash }: SeedInQuestion): string[] {
  return [
    `Seed: ${goal} (content ${seed_hash.slice(0, 12)})`,
    "Its checks run:",
    ...commands.map((command, index) => `${index + 1}. ${command}`),
  ];
}
