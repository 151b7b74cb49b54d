import { OuroborosError } from "../base/errors.ts";

/** Agents within agents: more than this is a loop, not a plan. */
const DEEPEST = 5;

/** An agent that runs Ouroboros, which runs an agent, and so on, is a mistake that costs money. */
export function refuseTooDeep(): void {
  const depth = Number(process.env._OUROBOROS_DEPTH ?? 0);
  if (!(depth >= DEEPEST)) return;
  throw new OuroborosError(
    "too_deep",
    `No agent is started here: this is an agent of an agent already, ${depth} deep`,
    "Let the outermost agent do it, or start it from a terminal",
  );
}
