import type { Step } from "../domain/run/steps.ts";
import type { Seed } from "../domain/seed/seed.ts";

/** What an agent is asked for one step: the whole goal, this one criterion, and when to stop. */
export function stepPrompt({ goal, constraints, criteria }: Seed, step: Step): string {
  const rules = constraints.length === 0 ? "" : `\nConstraints:\n${constraints.map((one) => `- ${one}`).join("\n")}\n`;
  return `You work in the current directory on one part of a larger goal.

Goal: ${goal}
${rules}
Your part, criterion ${step.index + 1} of ${criteria.length}: ${step.criterion}

Make this criterion true and nothing else; the others are done separately. An earlier attempt may have left
work behind: look first, keep what is good. End with a short summary of what you changed and how you checked it.
`;
}
