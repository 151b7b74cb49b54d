import type { Declared } from "../../evaluation/declared.ts";
import { declaredChecks } from "../../evaluation/declared-checks.ts";
import type { ChecksInQuestion } from "../../trust/checks-consent.ts";

/** What somebody would agree to with a project's own checks, as they are declared now. */
export async function checksToAgree(root: string, allowedPrograms: readonly string[]): Promise<ChecksInQuestion> {
  return checksInQuestion(root, await declaredChecks(root, allowedPrograms));
}

/** The same of checks that are known, wherever they were read: what is agreed to is for the project's folder. */
export function checksInQuestion(root: string, { checks, hash }: Declared): ChecksInQuestion {
  const commands = checks.flatMap(({ command, script }) => shownCheck(command, script));
  return { root, declared: hash, commands: [...new Set(commands)] };
}

function shownCheck(command: string | null, script: string | null): string[] {
  if (command === null) return [];
  return [script === null ? command : `${command} (${script})`];
}
