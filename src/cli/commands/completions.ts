import { type Refusal, refuse } from "../../base/refusal.ts";
import type { Answer } from "../command.ts";
import { bashScript } from "../completions/bash.ts";
import { type CommandNode, SHELLS } from "../completions/command-node.ts";
import { fishScript } from "../completions/fish.ts";
import { zshScript } from "../completions/zsh.ts";

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript };

/** `ouroboros completions SHELL` */
export async function completions(commands: readonly CommandNode[], shell: string): Promise<Answer | Refusal> {
  const known = SHELLS.find((name) => name === shell);
  if (known === undefined) {
    return refuse("wrong_usage", `No completions for ${JSON.stringify(shell)}`, `There are: ${SHELLS.join(", ")}`);
  }
  const script = SCRIPTS[known](commands);
  return { json: { shell: known, script }, text: script };
}
