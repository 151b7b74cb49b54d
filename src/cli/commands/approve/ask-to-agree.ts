import type { Agreement } from "../../../trust/agreement.ts";
import type { Cli, SharedFlags } from "../../command.ts";

/** Is there somebody at a terminal who can be asked, and an answer that is for people? */
export function canAskHere({ json }: SharedFlags): boolean {
  return !json && process.stdin.isTTY === true && process.stdout.isTTY === true;
}

/** Shows every command and asks whether they may be run; undefined when the person left instead. */
export async function askToAgree(cli: Cli, agreement: Agreement): Promise<boolean | undefined> {
  const [{ openKeyboard }, { wrap }] = await Promise.all([
    import("../interview/keyboard.ts"),
    import("../interview/wrap.ts"),
  ]);
  const keyboard = openKeyboard(cli);
  keyboard.show(agreementLines(agreement).flatMap((line) => wrap(line, keyboard.style.width)));
  return keyboard.yes("Run these commands on this machine, as you?", false);
}

/** What somebody may agree to: what it is for, and every command. */
export function agreementLines({ matter, about, commands }: Agreement): string[] {
  const ofSeed = matter.kind === "seed";
  const { hash } = ofSeed ? { hash: matter.hash } : { hash: matter.declared };
  return [
    `${ofSeed ? "Seed" : "Project"}: ${about} (content ${hash.slice(0, 12)})`,
    ofSeed ? "Its checks run:" : "It declares these checks:",
    ...commands.map((command, index) => `${index + 1}. ${command}`),
  ];
}
